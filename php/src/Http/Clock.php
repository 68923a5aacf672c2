<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * Time that only goes on: nobody sets this clock.
 *
 * @internal
 */
final class Clock
{
    /** @return float seconds since some moment */
    public static function now(): float
    {
        return hrtime(true) / 1e9;
    }

    public static function sleep(float $seconds): void
    {
        usleep((int) (max(0, $seconds) * 1e6));
    }
}
