<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * The request cannot be done, however often it is sent: a property, a token, a payload, an option, or the name by which
 * the sidecar was called. 400, 413, 415, 421, 422.
 */
final class RequestException extends ProblemException
{
}
