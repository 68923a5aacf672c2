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
    /** An answer with a longer body is none, bytes. */
    public const MAX_BODY = 16777216;

    /**
     * @throws ConnectionException if nothing was sent
     * @throws TimeoutException if there was no whole answer in time
     * @throws AnswerException if the answer is cut, too long, or no HTTP
     */
    public function send(Request $request): Response;
}
