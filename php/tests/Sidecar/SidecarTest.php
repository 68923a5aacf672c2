<?php

declare(strict_types=1);

namespace Bellpush\Tests\Sidecar;

use Bellpush\Client;
use Bellpush\Exception\ConflictException;
use Bellpush\Exception\KeyException;
use Bellpush\Exception\NotFoundException;
use Bellpush\Exception\RequestException;
use Bellpush\Exception\TimeoutException;
use Bellpush\Http\Transport;
use Bellpush\Job;
use Bellpush\Report;
use Bellpush\Tests\TransportCase;

/**
 * The whole API of a real sidecar, by each transport. The environment says where it is; its gateway calls the token
 * `dead…` unregistered, and thinks about each for 100 ms.
 */
final class SidecarTest extends TransportCase
{
    private const DEAD = 'dead000000000000000000000000000000000000000000000000000000000000';
    private const DING_DONG = ['aps' => ['alert' => 'Ding dong', 'sound' => 'default']];

    /**
     * @param class-string<Transport> $transport
     * @param array<string, mixed> $options
     */
    private function client(string $transport, array $options = [], float $timeout = 60.0): Client
    {
        $options += ['key' => getenv('BELLPUSH_TEST_KEY')];

        return new Client(getenv('BELLPUSH_TEST_URL'), $options, new $transport(10, $timeout));
    }

    /** A token that no other test has. */
    private function token(): string
    {
        return bin2hex(random_bytes(32));
    }

    /** As old apps have sent it. */
    private static function spaced(string $token): string
    {
        return '<' . strtoupper(implode(' ', str_split($token, 8))) . '>';
    }

    /** @return string[] */
    private function tokens(int $count): array
    {
        return array_map([$this, 'token'], range(1, $count));
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testAPushIsReportedTokenByToken(string $transport): void
    {
        $tokens = array_merge($this->tokens(3), [self::DEAD, 'no token']);
        $report = $this->client($transport)->push(self::DING_DONG, $tokens, ['priority' => 5, 'expiration' => 0]);

        $this->assertInstanceOf(Report::class, $report);
        $this->assertSame([5, 3, 2], [$report->total, $report->counts['accepted'], $report->counts['rejected']]);
        $this->assertNull($report->stopped);
        $results = [];
        foreach ($report->results as $result) {
            $results[$result->token] = [$result->outcome, $result->status];
        }
        $this->assertEquals([self::DEAD => ['rejected', 410], 'no token' => ['rejected', null]], $results);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testPhonesOfClientsComeGetPushesAndGo(string $transport): void
    {
        $client = $this->client($transport);
        [$first, $second, $third] = $this->tokens(3);
        $someone = random_int(1, 1000000000);
        $other = $someone + 1;
        $client->registerToken($someone, $first);
        $client->registerToken((string) $someone, $second);
        $client->registerToken($other, $third);
        $this->assertEqualsCanonicalizing([$first, $second], $client->tokens($someone));

        $report = $client->pushToClients(self::DING_DONG, [$someone, $other, 0]);
        $this->assertSame([3, ['0']], [$report->counts['accepted'], $report->unknownClients]);

        $client->removeClientToken($other, $first);
        $client->removeClientToken($someone, $first);
        $this->assertSame([$second], $client->tokens($someone));
        $this->assertSame([1, 0], [$client->removeToken($third), $client->removeToken($third)]);
        $this->assertSame([1, []], [$client->removeClient($someone), $client->tokens($someone)]);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testTheSamePushAgainIsAnsweredAndNotDone(string $transport): void
    {
        $client = $this->client($transport);
        $options = ['idempotencyKey' => $this->token()];
        $tokens = $this->tokens(2);
        $report = $client->push(self::DING_DONG, $tokens, $options);
        $this->assertEquals($report, $client->push(self::DING_DONG, $tokens, $options));

        $this->expectException(ConflictException::class);
        $client->push(self::DING_DONG, $this->tokens(2), $options);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testAPushThatTookTooLongIsAskedForByItsKeyAndNotDoneAgain(string $transport): void
    {
        $tokens = $this->tokens(2);
        try {
            $this->client($transport, [], 0.05)->push(self::DING_DONG, $tokens);
            $this->fail('it was answered in time');
        } catch (TimeoutException $error) {
            $options = ['idempotencyKey' => $error->getIdempotencyKey()];
        }
        $client = $this->client($transport);
        do {
            try {
                $report = $client->push(self::DING_DONG, $tokens, $options);
            } catch (ConflictException $error) {
                $this->assertSame('BELLPUSH_IDEMPOTENCY_RUNNING', $error->getErrorCode());
                usleep(20000);
            }
        } while (!isset($report));
        $this->assertSame(2, $report->counts['accepted']);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testALargePushIsAJobThatCanBeWaitedFor(string $transport): void
    {
        $client = $this->client($transport);
        $seen = [];
        $job = $client->push(self::DING_DONG, array_merge($this->tokens(1998), [self::DEAD, 'no token']));
        $this->assertInstanceOf(Job::class, $job);
        $job = $client->wait($job->id, 60, static function (Job $job) use (&$seen): void {
            $seen[] = $job->settled;
        });

        $this->assertSame(['finished', 2000, 1998, 2], [
            $job->state, $job->total, $job->counts['accepted'], $job->counts['rejected'],
        ]);
        $this->assertSame(2000, end($seen));
        $tokens = [];
        foreach ($client->results($job->id, 'rejected') as $result) {
            $tokens[] = $result->token;
        }
        $this->assertEqualsCanonicalizing([self::DEAD, 'no token'], $tokens);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testAJobCanBeWatchedUntilItIsOver(string $transport): void
    {
        $client = $this->client($transport);
        $job = $client->push(self::DING_DONG, array_merge($this->tokens(2999), ['no token']));
        $seen = [];
        foreach ($client->watch($job->id, 60) as $job) {
            $seen[] = $job->settled;
        }
        $sorted = $seen;
        sort($sorted);
        $this->assertSame($sorted, $seen);
        $this->assertSame(['finished', 3000, 2999], [$job->state, $job->settled, $job->counts['accepted']]);
        $this->assertSame(1, array_sum($job->reasons));
        $again = iterator_to_array($client->watch($job->id, 60));
        $this->assertSame([$job->id], array_column($again, 'id'));

        $this->expectException(NotFoundException::class);
        $client->watch('00000000-0000-4000-8000-000000000000', 60)->current();
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testWhateverTokensLookLikeAndWhateverClientsAreCalled(string $transport): void
    {
        $client = $this->client($transport);
        [$token, $other, $mine] = $this->tokens(3);
        $spaced = self::spaced($token);
        $report = $client->push(self::DING_DONG, ['phone' => $spaced, 'same' => $token, 'other' => $other]);
        $this->assertSame([2, 2], [$report->total, $report->counts['accepted']]);

        $someone = random_int(1, 1000000000);
        $client->registerToken($someone, self::spaced($mine));
        $this->assertSame(1, $client->pushToClients(self::DING_DONG, ['door' => $someone])->counts['accepted']);
        $client->removeClientToken($someone, self::spaced($mine));
        $this->assertSame([], $client->tokens($someone));
        // A number that JavaScript does not have.
        $report = $client->pushToClients(self::DING_DONG, [9007199254740993]);
        $this->assertSame(['9007199254740993'], $report->unknownClients);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testJobsAreListedAndStopped(string $transport): void
    {
        $client = $this->client($transport);
        $jobs = [];
        for ($i = 0; $i < 3; $i++) {
            $jobs[] = $client->push(self::DING_DONG, $this->token(), ['async' => true])->id;
        }
        foreach ($jobs as $id) {
            $client->wait($id, 60);
        }
        $listed = [];
        foreach ($client->jobs('finished') as $job) {
            $listed[] = $job->id;
        }
        $this->assertSame([], array_diff($jobs, $listed));
        $this->assertSame('finished', $client->stopJob($jobs[0])->state);

        $this->expectException(NotFoundException::class);
        $client->job('00000000-0000-4000-8000-000000000000');
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testFramesForOnesOwnSocket(string $transport): void
    {
        $client = $this->client($transport);
        $payload = '{"aps":{"alert":"♪"}}';
        $options = ['command' => 1, 'identifier' => 7, 'expiration' => 0];
        $frame = $client->encode('aabb', ['aps' => ['alert' => '♪']], $options);
        $packed = pack('CNNn', 1, 7, 0, 2) . "\xaa\xbb" . pack('n', strlen($payload)) . $payload;
        $this->assertSame(bin2hex($packed), bin2hex($frame));
        $this->assertStringContainsString('aabb', json_encode($client->decode($frame)));
        $explained = $client->decode($frame);
        $this->assertSame(['frames', 38], [$explained['kind'], $explained['parts'][0]['length']]);
        $response = $client->decode(pack('CCN', 8, 8, 7), 'error-responses')['parts'][0];
        $this->assertStringContainsString('identifier 7 was refused: status 8', $response['summary']);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testHealth(string $transport): void
    {
        $health = $this->client($transport)->health();
        $this->assertSame(['ok', 'ok'], [$health['status'], $health['checks']['database']]);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testRefusalsHaveTheSidecarsCodes(string $transport): void
    {
        $client = $this->client($transport);
        $this->assertRefused(RequestException::class, 'BELLPUSH_REQUEST_INVALID', static function () use ($client) {
            $client->push(self::DING_DONG, 'aa', ['prioritaet' => 5]);
        });
        $this->assertRefused(RequestException::class, 'BELLPUSH_PAYLOAD_TOO_LARGE', static function () use ($client) {
            $client->push(['aps' => ['alert' => str_repeat('x', 5000)]], 'aa');
        });
        $this->assertRefused(RequestException::class, 'BELLPUSH_REQUEST_INVALID', static function () use ($client) {
            $client->push(self::DING_DONG, []);
        });
        $this->assertRefused(RequestException::class, 'BELLPUSH_REQUEST_INVALID', static function () use ($client) {
            $client->push([], 'aa');
        });
        $this->assertRefused(NotFoundException::class, 'BELLPUSH_APP_UNKNOWN', static function () use ($client) {
            $client->push(self::DING_DONG, 'aa', ['app' => 'other']);
        });
        $this->assertRefused(RequestException::class, 'BELLPUSH_TOKEN_MALFORMED', static function () use ($client) {
            $client->registerToken(7, 'no token');
        });
        $wrong = $this->client($transport, ['key' => 'wrong-key-0123456789']);
        $this->assertRefused(KeyException::class, 'BELLPUSH_KEY_INVALID', static function () use ($wrong) {
            $wrong->tokens(7);
        });
    }

    /** @param class-string<\Throwable> $class */
    private function assertRefused(string $class, string $code, callable $call): void
    {
        try {
            $call();
        } catch (\Bellpush\Exception\ProblemException $error) {
            $this->assertSame([$class, $code], [get_class($error), $error->getErrorCode()]);

            return;
        }
        $this->fail("$code was to be thrown");
    }
}
