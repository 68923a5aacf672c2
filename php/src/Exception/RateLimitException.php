<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * Too many requests: come back after getRetryAfter() seconds. 429.
 */
final class RateLimitException extends ProblemException
{
}
