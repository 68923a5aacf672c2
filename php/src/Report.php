<?php

declare(strict_types=1);

namespace Bellpush;

/**
 * What became of every token of one push. Made by the client, to be read.
 */
final class Report
{
    /**
     * @var array<string, int> how many tokens came to each outcome: accepted, rejected, exhausted, expired, inDoubt,
     *   notSent. "Accepted" is Apple's word that it took the notification; nobody can tell whether a phone rang.
     */
    public $counts;

    /** @var int all tokens of the audience; each has exactly one outcome */
    public $total;

    /** @var int dead tokens that are no longer in the token database */
    public $removed;

    /** @var string[] clients of the audience that have no token */
    public $unknownClients;

    /** @var Result[] of the tokens that were not accepted */
    public $results;

    /** @var array{code: string, detail: string}|null why the push ended before it was through, if it did */
    public $stopped;

    /**
     * @internal
     * @param mixed $json
     */
    public static function of($json): self
    {
        $fields = new Fields($json, 'report');
        $report = new self();
        $report->counts = $fields->counts();
        $report->total = $fields->int('total');
        $report->removed = $fields->int('removed');
        $report->unknownClients = $fields->strings('unknownClients');
        $report->results = array_map([Result::class, 'of'], $fields->list('results'));
        $report->stopped = $fields->stop();

        return $report;
    }
}
