<?php

declare(strict_types=1);

namespace Bellpush\Http;

use Bellpush\Exception\AnswerException;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\ConnectionException;
use Bellpush\Exception\ProblemException;

/**
 * After which failures a request is sent again, when, and for how long.
 *
 * @internal
 */
final class Retries
{
    /** The first pause, seconds; each further one is twice as long. */
    private const FIRST_PAUSE = 0.1;

    /** @var float */
    private $deadline;

    /** @var float seconds */
    private $pause = self::FIRST_PAUSE;

    public function __construct(float $seconds)
    {
        $this->deadline = Clock::now() + $seconds;
    }

    /**
     * Waits, if sending it again may help and does no harm.
     *
     * @param bool $isHarmless whether it may be sent again though it was done
     * @return true
     * @throws BellpushException the failure itself, if not
     */
    public function pauseAfter(BellpushException $error, bool $isHarmless = false): bool
    {
        $wait = $this->waitFor($error, $isHarmless);
        if ($wait === null || Clock::now() + $wait > $this->deadline) {
            throw $error;
        }
        // Many that wait for the same sidecar do not come back at the same moment.
        Clock::sleep($wait + $this->pause * random_int(0, 500) / 1000);
        $this->pause *= 2;

        return true;
    }

    /** @return float|null seconds; null: not at all */
    private function waitFor(BellpushException $error, bool $isHarmless): ?float
    {
        if ($error instanceof ConnectionException) {
            return $error->isRefused() ? $this->pause : null;
        }
        if ($error instanceof ProblemException && $error->getCode() === 503) {
            return $error->getRetryAfter();
        }

        return $isHarmless && $error instanceof AnswerException && $error->isCut() ? $this->pause : null;
    }
}
