<?php

declare(strict_types=1);

namespace Bellpush\Http;

use Bellpush\Exception\AnswerException;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\ProblemException;
use Bellpush\Exception\UsageException;

/**
 * A question to the sidecar and its answer, in JSON. Sends again what was surely not done, and makes exceptions of
 * problems.
 *
 * @internal
 */
final class Exchange
{
    /** Characters that are taken of what the sidecar says about a problem. */
    private const MAX_DETAIL = 2000;

    /** @var Transport */
    private $transport;

    /** @var string scheme, host and port */
    private $address;

    /** @var string before every path, for a sidecar behind a web server */
    private $prefix;

    /** @var string[] by header name */
    private $headers = ['Accept' => 'application/json, application/problem+json'];

    /** @var float seconds */
    private $retryFor;

    /**
     * @param array{key?: string|null} $options in an array, because a trace of the stack shows text
     */
    public function __construct(Transport $transport, string $url, array $options, float $retryFor)
    {
        $key = $options['key'] ?? null;
        // The URL is not repeated in messages: it might hold a password.
        if (!preg_match('~^(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?(/[\w./%-]*)?$~iD', $url, $match)) {
            throw new UsageException('The address of the sidecar must be a URL such as http://127.0.0.1:8195, ' .
                'without user, password, query or fragment.');
        }
        if ($key !== null && !preg_match('/^[!-~]+$/D', $key)) {
            throw new UsageException('key must be visible ASCII characters without spaces.');
        }
        $scheme = strtolower($match[1]);
        $this->transport = $transport;
        $this->address = "$scheme://$match[2]" . (($match[3] ?? '') ?: ($scheme === 'https' ? ':443' : ':80'));
        $this->prefix = rtrim($match[4] ?? '', '/');
        $this->retryFor = $retryFor;
        if ($key !== null) {
            $this->headers['Authorization'] = "Bearer $key";
        }
    }

    /** @return array<string, string> for debuggers: not the key */
    public function __debugInfo(): array
    {
        return ['address' => $this->address];
    }

    /**
     * @param array<string, mixed>|null $body
     * @param array<string, string> $headers
     * @param int[] $statuses that are answers and no problems
     * @return array{0: int, 1: mixed} the status, and what the JSON says; null where there is none (204)
     * @throws BellpushException
     */
    public function call(string $method, string $path, ?array $body, array $headers, array $statuses): array
    {
        // Not in $headers itself: an argument is shown by a trace of the stack as it is then.
        $all = $headers + $this->headers + ($body === null ? [] : ['Content-Type' => 'application/json']);
        $json = $body === null ? null : $this->encode($body);
        $request = new Request($method, $this->address, $this->prefix . $path, $all, $json);
        try {
            $response = $this->send($request, $statuses);
            $status = $response->status;

            return [$status, $status === 204 ? null : $this->decode($response->body, $status)];
        } catch (BellpushException $error) {
            $error->setIdempotencyKey($headers['Idempotency-Key'] ?? null);
            throw $error;
        }
    }

    /**
     * What server-sent events say. To ask again does no harm, so this goes on if the connection is lost, with what is
     * then; it gives up when `retryFor` seconds have brought no event.
     *
     * @param float $seconds after which it ends
     * @return \Generator<int, mixed> what the JSON of each says
     * @throws BellpushException
     */
    public function events(string $path, float $seconds): \Generator
    {
        $end = Clock::now() + $seconds;
        $headers = ['Accept' => 'text/event-stream, application/problem+json'] + $this->headers;
        $request = new Request('GET', $this->address, $this->prefix . $path, $headers, null);
        $retries = null;
        do {
            try {
                foreach ($this->eventsOnce($request, $end - Clock::now()) as $data) {
                    $retries = null;
                    yield $this->decode($data, 200);
                }
                $error = Failure::lost($this->address, 'there was more to come');
            } catch (BellpushException $error) {
                // Which of them can be got over, the retries know.
            }
            $retries = $retries ?? new Retries($this->retryFor);
        } while (Clock::now() < $end && $retries->pauseAfter($error, true));
    }

    /**
     * @return \Generator<int, string> data of events
     */
    private function eventsOnce(Request $request, float $seconds): \Generator
    {
        $pieces = $this->transport->stream($request, $seconds);
        $head = $pieces->current();
        if (!$head instanceof Response) {
            return; // the time is over
        }
        $reader = new EventReader($this->address);
        $areEvents = $head->status === 200 && stripos($head->header('content-type'), 'text/event-stream') === 0;
        $body = '';
        for ($pieces->next(); $pieces->valid(); $pieces->next()) {
            if ($areEvents) {
                yield from $reader->read($pieces->current());
                continue;
            }
            $body .= $pieces->current();
            if (Bytes::length($body) > Transport::MAX_BODY) {
                throw Failure::tooLong($this->address);
            }
        }
        if (!$areEvents) {
            throw $this->problemOf(new Response($head->status, $head->headers, $body));
        }
    }

    /**
     * @param int[] $statuses
     */
    private function send(Request $request, array $statuses): Response
    {
        $retries = new Retries($this->retryFor);
        do {
            try {
                $response = $this->transport->send($request);
                if (in_array($response->status, $statuses, true) && !$this->isProblem($response)) {
                    return $response;
                }
                throw $this->problemOf($response);
            } catch (BellpushException $error) {
                // Which of them can be got over, the retries know.
            }
        } while ($retries->pauseAfter($error));
    }

    private function isProblem(Response $response): bool
    {
        return stripos($response->header('content-type'), 'application/problem+json') === 0;
    }

    private function problemOf(Response $response): BellpushException
    {
        $problem = $this->isProblem($response) ? json_decode($response->body, true) : null;
        if (!is_string($problem['code'] ?? null) || !is_string($problem['detail'] ?? null)) {
            return new AnswerException("$this->address answered with status $response->status and not a word of a " .
                'sidecar: does something else listen there, or stand in between?', $response->status);
        }
        $retryAfter = $response->header('retry-after');

        return ProblemException::of(
            $this->plain($problem['code']),
            $this->plain($problem['detail']),
            $response->status,
            preg_match('/^\d{1,6}$/', $retryAfter) ? (int) $retryAfter : null
        );
    }

    /** For a log: in one line and not too long. */
    private function plain(string $text): string
    {
        return (string) preg_replace('/[\x00-\x1f\x7f]+/', ' ', Bytes::from($text, 0, self::MAX_DETAIL));
    }

    /**
     * @param array<string, mixed> $body
     */
    private function encode(array $body): string
    {
        try {
            return json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE |
                JSON_PRESERVE_ZERO_FRACTION);
        } catch (\JsonException $error) {
            throw new UsageException('This cannot be written as JSON: ' . $error->getMessage() . '.');
        }
    }

    /** @return mixed */
    private function decode(string $text, int $status)
    {
        try {
            return json_decode($text, true, 512, JSON_THROW_ON_ERROR);
        } catch (\JsonException $error) {
            throw new AnswerException("What $this->address answered is no JSON (" . $error->getMessage() . '): does ' .
                'something else listen there?', $status);
        }
    }
}
