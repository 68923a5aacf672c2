<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * The sidecar has the request, or a part of it, and did not answer in time. What became of it is not known: see
 * getIdempotencyKey(). BELLPUSH_SIDECAR_SILENT.
 */
final class TimeoutException extends BellpushException
{
    public function __construct(string $message)
    {
        parent::__construct('BELLPUSH_SIDECAR_SILENT', $message);
    }

    public function mayHaveBeenDone(): bool
    {
        return true;
    }
}
