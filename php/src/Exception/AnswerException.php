<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * What came back is no answer of a sidecar, or only a part of one. What became of the request is not known: see
 * getIdempotencyKey(). BELLPUSH_SIDECAR_ANSWER.
 */
final class AnswerException extends BellpushException
{
    /** @var bool */
    private $cut;

    /**
     * @param bool $cut whether the connection ended before the answer did
     */
    public function __construct(string $message, int $status = 0, bool $cut = false)
    {
        parent::__construct('BELLPUSH_SIDECAR_ANSWER', $message, $status);
        $this->cut = $cut;
    }

    public function isCut(): bool
    {
        return $this->cut;
    }

    public function mayHaveBeenDone(): bool
    {
        return true;
    }
}
