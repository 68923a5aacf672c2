<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * The sidecar cannot be reached. Nothing was sent. BELLPUSH_SIDECAR_UNREACHABLE.
 */
final class ConnectionException extends BellpushException
{
    /** @var bool */
    private $refused;

    /**
     * @param bool $refused whether nothing listens there, as while the sidecar starts
     */
    public function __construct(string $message, bool $refused)
    {
        parent::__construct('BELLPUSH_SIDECAR_UNREACHABLE', $message);
        $this->refused = $refused;
    }

    public function isRefused(): bool
    {
        return $this->refused;
    }
}
