<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * The idempotency key was used for another push, or its push is still running. 409.
 */
final class ConflictException extends ProblemException
{
}
