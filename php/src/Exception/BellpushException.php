<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * What every exception of this package is: catch this one to catch all. A rejected token is none, it is a result.
 *
 * The error code is the contract; the message is for people and may change. No message holds an API key.
 */
abstract class BellpushException extends \RuntimeException
{
    /** @var string */
    private $errorCode;

    /** @var string|null */
    private $idempotencyKey;

    /**
     * @param int $status of the HTTP answer; 0 where there was none
     */
    public function __construct(string $errorCode, string $message, int $status = 0)
    {
        parent::__construct($message, $status);
        $this->errorCode = $errorCode;
    }

    /** BELLPUSH_…: the sidecar's own, or one of those that the subclasses name. */
    public function getErrorCode(): string
    {
        return $this->errorCode;
    }

    /** Whether the sidecar may have done what it was asked for all the same. */
    public function mayHaveBeenDone(): bool
    {
        return false;
    }

    /**
     * Of a push: give it as the option `idempotencyKey` to repeat that push, and nothing is sent twice. Null for
     * everything else.
     */
    public function getIdempotencyKey(): ?string
    {
        return $this->idempotencyKey;
    }

    /** @internal */
    public function setIdempotencyKey(?string $key): void
    {
        $this->idempotencyKey = $key;
    }
}
