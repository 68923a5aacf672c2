<?php

declare(strict_types=1);

namespace Bellpush\Http;

use Bellpush\Exception\AnswerException;
use Bellpush\Exception\ConnectionException;
use Bellpush\Exception\TimeoutException;

/**
 * Takes a request to the sidecar and brings the answer, once: no redirects, no repeats, no proxies.
 */
interface Transport
{
    /** An answer with a longer body, or with longer headers, is none, bytes. */
    public const MAX_BODY = 16777216;
    public const MAX_HEAD = 65536;

    /**
     * @throws ConnectionException if nothing was sent
     * @throws TimeoutException if there was no whole answer in time
     * @throws AnswerException if the answer is cut, too long, or no HTTP
     */
    public function send(Request $request): Response;

    /**
     * The same for an answer that comes bit by bit, as long as it is read.
     *
     * @param float $seconds after which it ends as it is
     * @return \Generator<int, Response|string> first status and headers, then what comes of the body, a piece each time
     * @throws ConnectionException if nothing was sent
     * @throws TimeoutException if there were no headers in time
     * @throws AnswerException if it is no HTTP, or was cut, or silent for so long that nobody can be there any more
     */
    public function stream(Request $request, float $seconds): \Generator;
}
