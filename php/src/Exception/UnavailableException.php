<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * The sidecar cannot do it now: its database or its queue, or it is being stopped. 5xx.
 */
final class UnavailableException extends ProblemException
{
    public function mayHaveBeenDone(): bool
    {
        return $this->getCode() !== 503;
    }
}
