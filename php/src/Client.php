<?php

declare(strict_types=1);

namespace Bellpush;

use Bellpush\Exception\AnswerException;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\UsageException;
use Bellpush\Http\Clock;
use Bellpush\Http\Curl;
use Bellpush\Http\Exchange;
use Bellpush\Http\Sockets;
use Bellpush\Http\Transport;

/**
 * Calls a Bellpush sidecar (`bellpush serve`), which pushes notifications to Apple devices.
 *
 * Every method throws a BellpushException if it cannot do its work. A token that Apple refuses is a result.
 */
final class Client
{
    private const SECONDS = ['connectTimeout' => 2.0, 'timeout' => 30.0, 'retryFor' => 3.0];

    /** Between two looks at a job, seconds. */
    private const FIRST_PAUSE = 0.1;
    private const LONGEST_PAUSE = 2.0;

    /** @var Exchange */
    private $exchange;

    /** @var string|null */
    private $app;

    /**
     * @param string $url where the sidecar listens
     * @param array<string, mixed> $options
     *   `key`: the API key, where the sidecar wants one.
     *   `app`: which of the sidecar's apps pushes are for; needless where it has only one.
     *   `connectTimeout`: seconds until there must be a connection, 2.
     *   `timeout`: seconds until there must be the whole answer, 30.
     *   `retryFor`: for how many seconds a request is sent again while nothing listens there, or while the sidecar says
     *   503 and when to come back; 3. What may have been done already is never sent again.
     * @param Transport|null $transport how requests travel: curl where PHP has it, else plain sockets
     * @throws UsageException
     */
    public function __construct(
        string $url = 'http://127.0.0.1:8195',
        #[\SensitiveParameter]
        array $options = [],
        ?Transport $transport = null
    ) {
        $known = array_merge(['key', 'app'], array_keys(self::SECONDS));
        $unknown = array_diff(array_keys($options), $known);
        if ($unknown !== []) {
            throw new UsageException('There is no option ' . implode(', ', $unknown) . ', but there are ' .
                implode(', ', $known) . '.');
        }
        foreach (['key', 'app'] as $name) {
            if (!is_string($options[$name] ?? '')) {
                throw new UsageException("$name must be text.");
            }
        }
        $connectTimeout = $this->seconds($options, 'connectTimeout', 0.001);
        $timeout = $this->seconds($options, 'timeout', 0.001);
        $transport = $transport ?? (extension_loaded('curl')
            ? new Curl($connectTimeout, $timeout)
            : new Sockets($connectTimeout, $timeout));
        $retryFor = $this->seconds($options, 'retryFor', 0);
        $this->exchange = new Exchange($transport, $url, $options, $retryFor);
        $this->app = $options['app'] ?? null;
    }

    /**
     * Pushes one notification to device tokens.
     *
     * @param array<string, mixed> $notification the whole payload: `['aps' => ['alert' => 'Ding dong'], 'door' => 7]`
     * @param string|string[] $tokens in hexadecimal
     * @param array<string, mixed> $options
     *   `expiration` (Unix seconds, or 0), `priority` (10 or 5), `inDoubt` ('report' or 'resend'), `pushType`, `topic`
     *   and `collapseId` are the sidecar's.
     *   `app`: in the place of the client's own.
     *   `async`: true for a Job, however few tokens there are.
     *   `idempotencyKey`: 1 to 255 visible ASCII characters; a push that the sidecar has seen already under this key is
     *   not done again, but answered as it was. Each push has one of its own if this is left out.
     * @return Report|Job a Job where the push is large; `wait()` waits for it
     * @throws BellpushException
     */
    public function push(array $notification, $tokens, array $options = [])
    {
        return $this->pushTo(['tokens' => $this->listOf($tokens)], $notification, $options);
    }

    /**
     * Pushes one notification to all tokens that clients have in the sidecar's token database.
     *
     * @param array<string, mixed> $notification as in push()
     * @param string|int|array<string|int> $clientIds
     * @param array<string, mixed> $options as in push()
     * @return Report|Job
     * @throws BellpushException
     */
    public function pushToClients(array $notification, $clientIds, array $options = [])
    {
        // As text: the sidecar counts no further than 2^53, and then a number may be another one.
        $ids = array_map(static function ($id) {
            return is_int($id) ? (string) $id : $id;
        }, $this->listOf($clientIds));

        return $this->pushTo(['clientIds' => $ids], $notification, $options);
    }

    /**
     * @throws BellpushException
     */
    public function job(string $id): Job
    {
        return Job::of($this->json('GET', $this->path('jobs', $id)));
    }

    /**
     * All jobs, the newest ones first, read page by page as you go through them.
     *
     * @param string|null $state queued, running, finished, stopped or failed; null means all
     * @return \Generator<int, Job>
     * @throws BellpushException
     */
    public function jobs(?string $state = null): \Generator
    {
        return $this->pages('/v1/jobs', 'jobs', ['state' => $state], [Job::class, 'of']);
    }

    /**
     * The tokens of a job that were not accepted, read page by page as you go through them.
     *
     * @param string|null $outcome such as rejected; null means all that are listed
     * @return \Generator<int, Result>
     * @throws BellpushException
     */
    public function results(string $jobId, ?string $outcome = null): \Generator
    {
        $path = $this->path('jobs', $jobId, 'results');

        return $this->pages($path, 'results', ['outcome' => $outcome], [Result::class, 'of']);
    }

    /**
     * Has a job stopped: what was sent still gets its verdict, and nothing more is sent.
     *
     * @throws BellpushException
     */
    public function stopJob(string $id): Job
    {
        return Job::of($this->json('DELETE', $this->path('jobs', $id), null, [200, 202]));
    }

    /**
     * Waits until a job is over, but not for longer than some seconds.
     *
     * @param callable(Job): void|null $onProgress is told each time it is looked at
     * @return Job as it was when it was last looked at: ask its `isOver()`
     * @throws BellpushException
     */
    public function wait(string $id, float $seconds, ?callable $onProgress = null): Job
    {
        $deadline = Clock::now() + $seconds;
        for ($pause = self::FIRST_PAUSE;; $pause = min($pause * 1.5, self::LONGEST_PAUSE)) {
            $job = $this->job($id);
            if ($onProgress !== null) {
                $onProgress($job);
            }
            $left = $deadline - Clock::now();
            if ($job->isOver() || $left <= 0) {
                return $job;
            }
            Clock::sleep(min($pause, $left));
        }
    }

    /**
     * Watches a job as the sidecar tells what has changed, about twice a second: for a page that shows progress.
     *
     * If the connection is lost it is made again, for as long as `retryFor` says.
     *
     * @param float $seconds after which there are no more
     * @return \Generator<int, Job> the last one `isOver()`, unless the time was over before
     * @throws BellpushException
     */
    public function watch(string $id, float $seconds): \Generator
    {
        foreach ($this->exchange->events($this->path('jobs', $id, 'events'), $seconds) as $json) {
            $job = Job::of($json);
            yield $job;
            if ($job->isOver()) {
                return;
            }
        }
    }

    /**
     * Keeps a device token for a client, as registered now.
     *
     * @param string|int $clientId
     * @throws BellpushException
     */
    public function registerToken($clientId, string $token): void
    {
        $this->json('PUT', $this->path('clients', $clientId, 'tokens', $token), null, [204]);
    }

    /**
     * @param string|int $clientId
     * @return string[]
     * @throws BellpushException
     */
    public function tokens($clientId): array
    {
        return $this->fields('GET', $this->path('clients', $clientId, 'tokens'))->strings('tokens');
    }

    /**
     * Forgets a token, whoever has it.
     *
     * @return int how many were removed
     * @throws BellpushException
     */
    public function removeToken(string $token): int
    {
        return $this->fields('DELETE', $this->path('tokens', $token))->int('removed');
    }

    /**
     * Forgets a token if this client has it.
     *
     * @param string|int $clientId
     * @throws BellpushException
     */
    public function removeClientToken($clientId, string $token): void
    {
        $this->json('DELETE', $this->path('clients', $clientId, 'tokens', $token), null, [204]);
    }

    /**
     * Forgets all tokens of a client.
     *
     * @param string|int $clientId
     * @return int how many were removed
     * @throws BellpushException
     */
    public function removeClient($clientId): int
    {
        return $this->fields('DELETE', $this->path('clients', $clientId, 'tokens'))->int('removed');
    }

    /**
     * The bytes of one frame of the legacy protocol, for those who keep their own socket: in the place of pack().
     *
     * @param array<string, mixed> $notification as in push()
     * @param array<string, int> $options `command` (0, 1 or 2; 2 if left out), `identifier`, `expiration`, `priority`
     * @throws BellpushException
     */
    public function encode(string $token, array $notification, array $options = []): string
    {
        $body = ['token' => $token, 'payload' => $this->payload($notification), 'as' => 'base64'] + $options;
        $frame = base64_decode($this->fields('POST', '/v1/encode', $body)->string('frame'), true);
        if ($frame === false) {
            throw new AnswerException("The sidecar's answer has no frame in base64. Is it of another version?");
        }

        return $frame;
    }

    /**
     * What bytes of the legacy protocol say, field by field.
     *
     * @param string|null $kind frames, error-responses or feedback; null: the sidecar finds out
     * @return array<mixed>
     * @throws BellpushException
     */
    public function decode(string $bytes, ?string $kind = null): array
    {
        $body = ['bytes' => base64_encode($bytes), 'as' => 'base64'] + ($kind === null ? [] : ['kind' => $kind]);
        $explanation = $this->json('POST', '/v1/decode', $body);
        if (!is_array($explanation)) {
            throw new AnswerException("The sidecar's answer has no explanation. Is it of another version?");
        }

        return $explanation;
    }

    /**
     * Whether the sidecar can work: its database, its gateways. One that cannot is no exception here; one that cannot
     * be reached is.
     *
     * @return array<mixed> `status` is 'ok' if all is well; `checks` say what was looked at
     * @throws BellpushException
     */
    public function health(): array
    {
        $health = $this->json('GET', '/readyz', null, [200, 503]);
        (new Fields($health, 'health'))->string('status');

        return $health;
    }

    /**
     * @param array<string, mixed> $audience
     * @param array<string, mixed> $notification
     * @param array<string, mixed> $options
     * @return Report|Job
     */
    private function pushTo(array $audience, array $notification, array $options)
    {
        $app = $options['app'] ?? $this->app;
        $headers = ['Idempotency-Key' => $options['idempotencyKey'] ?? bin2hex(random_bytes(16))];
        $key = $headers['Idempotency-Key'];
        if (!is_string($key) || !preg_match('/^[!-~]{1,255}$/D', $key)) {
            throw new UsageException('idempotencyKey must be 1 to 255 visible ASCII characters without spaces.');
        }
        if (!empty($options['async'])) {
            $headers['Prefer'] = 'respond-async';
        }
        unset($options['app'], $options['async'], $options['idempotencyKey']);
        $body = ($app === null ? [] : ['app' => $app]) + $audience + ['payload' => $this->payload($notification)] +
            ($options === [] ? [] : ['options' => $options]);
        [$status, $json] = $this->exchange->call('POST', '/v1/push', $body, $headers, [200, 202]);

        return $status === 202 ? Job::of($json) : Report::of($json);
    }

    /**
     * PHP writes an empty dictionary as an empty list.
     *
     * @param array<string, mixed> $notification
     * @return array<string, mixed>
     */
    private function payload(array $notification): array
    {
        if (($notification['aps'] ?? null) === []) {
            $notification['aps'] = new \stdClass();
        }

        return $notification;
    }

    /**
     * @param mixed $some
     * @return mixed[]
     */
    private function listOf($some): array
    {
        return is_array($some) ? array_values($some) : [$some];
    }

    /**
     * @param mixed ...$parts
     */
    private function path(...$parts): string
    {
        $path = '/v1';
        foreach ($parts as $part) {
            if (!is_int($part) && !is_string($part) || $part === '') {
                throw new UsageException('A client, a token and the id of a job are text or whole numbers, not empty.');
            }
            $path .= '/' . rawurlencode((string) $part);
        }

        return $path;
    }

    /**
     * @param array<string, string|null> $query
     * @param callable(mixed): mixed $make
     */
    private function pages(string $path, string $name, array $query, callable $make): \Generator
    {
        for ($after = null;; $after = $next) {
            $text = http_build_query($query + ['after' => $after]);
            $page = $this->fields('GET', $path . ($text === '' ? '' : "?$text"));
            foreach ($page->list($name) as $item) {
                yield $make($item);
            }
            $next = $page->nullableString('next');
            if ($next === null) {
                return;
            }
            if ($next === $after) {
                throw new AnswerException("The sidecar's pages of $name do not come to an end.");
            }
        }
    }

    /**
     * @param array<string, mixed>|null $body
     */
    private function fields(string $method, string $path, ?array $body = null): Fields
    {
        return new Fields($this->json($method, $path, $body), 'answer');
    }

    /**
     * @param array<string, mixed>|null $body
     * @param int[] $statuses
     * @return mixed
     */
    private function json(string $method, string $path, ?array $body = null, array $statuses = [200])
    {
        return $this->exchange->call($method, $path, $body, [], $statuses)[1];
    }

    /**
     * @param array<string, mixed> $options
     */
    private function seconds(array $options, string $name, float $least): float
    {
        $value = $options[$name] ?? self::SECONDS[$name];
        if (!is_int($value) && !is_float($value) || !($value >= $least && $value <= 86400)) {
            throw new UsageException("$name must be a number of seconds, $least to 86400.");
        }

        return (float) $value;
    }
}
