<?php

declare(strict_types=1);

namespace Bellpush\Tests;

/**
 * What a sidecar says, as data.
 */
final class Answers
{
    public const COUNTS = [
        'accepted' => 1, 'rejected' => 1, 'exhausted' => 0, 'expired' => 0, 'inDoubt' => 0, 'notSent' => 0,
    ];

    public const REJECTED = [
        'token' => 'bb', 'clientId' => '7', 'outcome' => 'rejected', 'reason' => 'InvalidToken', 'status' => 8,
    ];

    public const REPORT = [
        'counts' => self::COUNTS, 'total' => 2, 'removed' => 1, 'unknownClients' => ['9'],
        'results' => [self::REJECTED], 'stopped' => null,
    ];

    public const JOB = [
        'id' => 'f00', 'app' => 'doorbell', 'state' => 'running', 'createdAt' => '2026-01-02T03:04:05.678Z',
        'startedAt' => '2026-01-02T03:04:06.000Z', 'finishedAt' => null, 'total' => null, 'settled' => 2,
        'counts' => self::COUNTS, 'reasons' => ['rejected InvalidToken' => 1], 'removed' => 1, 'unknownClients' => 1,
        'stopped' => null,
    ];

    public const FINISHED = ['state' => 'finished', 'finishedAt' => '2026-01-02T03:04:07Z', 'total' => 2] + self::JOB;
}
