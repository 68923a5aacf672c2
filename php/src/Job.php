<?php

declare(strict_types=1);

namespace Bellpush;

/**
 * A push that the sidecar does on its own: how far it was when this was asked for. Made by the client, to be read.
 */
final class Job
{
    /** @var string */
    public $id;

    /** @var string */
    public $app;

    /** @var string queued, running, finished, stopped or failed */
    public $state;

    /** @var \DateTimeImmutable */
    public $createdAt;

    /** @var \DateTimeImmutable|null */
    public $startedAt;

    /** @var \DateTimeImmutable|null */
    public $finishedAt;

    /** @var int|null tokens of the audience; null while it is being read */
    public $total;

    /** @var int tokens that have their outcome */
    public $settled;

    /** @var array<string, int> as in Report */
    public $counts;

    /** @var array<string, int> tokens that were not accepted, by `outcome reason` */
    public $reasons;

    /** @var int dead tokens that are no longer in the token database */
    public $removed;

    /** @var int clients of the audience that have no token */
    public $unknownClients;

    /** @var array{code: string, detail: string}|null why it ended before it was through, if it did */
    public $stopped;

    /**
     * @internal
     * @param mixed $json
     */
    public static function of($json): self
    {
        $fields = new Fields($json, 'job');
        $job = new self();
        $job->id = $fields->string('id');
        $job->app = $fields->string('app');
        $job->state = $fields->string('state');
        $job->createdAt = $fields->time('createdAt');
        $job->startedAt = $fields->nullableTime('startedAt');
        $job->finishedAt = $fields->nullableTime('finishedAt');
        $job->total = $fields->nullableInt('total');
        $job->settled = $fields->int('settled');
        $job->counts = $fields->counts();
        $job->reasons = $fields->ints('reasons');
        $job->removed = $fields->int('removed');
        $job->unknownClients = $fields->int('unknownClients');
        $job->stopped = $fields->stop();

        return $job;
    }

    /** Whether nothing will change any more. */
    public function isOver(): bool
    {
        return !in_array($this->state, ['queued', 'running'], true);
    }
}
