<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * The API key is missing or wrong (401), or is not for this app (403).
 */
final class KeyException extends ProblemException
{
}
