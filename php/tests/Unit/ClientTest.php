<?php

declare(strict_types=1);

namespace Bellpush\Tests\Unit;

use Bellpush\Client;
use Bellpush\Exception\AnswerException;
use Bellpush\Exception\UnavailableException;
use Bellpush\Exception\UsageException;
use Bellpush\Http\Response;
use Bellpush\Job;
use Bellpush\Report;
use Bellpush\Tests\Answers;
use Bellpush\Tests\FakeTransport;
use PHPUnit\Framework\TestCase;

/** What the client asks the sidecar, and what it makes of the answers. */
final class ClientTest extends TestCase
{
    private const DING_DONG = ['aps' => ['alert' => 'Ding dong – ♪'], 'door' => 7];

    /** @var FakeTransport */
    private $sidecar;

    /**
     * @param mixed ...$answers
     */
    private function client(...$answers): Client
    {
        $this->sidecar = new FakeTransport($answers);

        return new Client('http://127.0.0.1:8195', ['key' => 'k3y', 'app' => 'doorbell'], $this->sidecar);
    }

    private function assertAsked(string $method, string $path, ?string $body = null, int $which = 0): void
    {
        $asked = $this->sidecar->asked[$which];
        $this->assertSame([$method, $path, $body], [$asked->method, $asked->path, $asked->body]);
        $this->assertSame('Bearer k3y', $asked->headers['Authorization']);
    }

    public function testPushSendsThePayloadToTokensAndReadsTheReport(): void
    {
        $report = $this->client(FakeTransport::json(200, Answers::REPORT))->push(self::DING_DONG, ['aa', 'bb']);

        $this->assertAsked('POST', '/v1/push', '{"app":"doorbell","tokens":["aa","bb"],' .
            '"payload":{"aps":{"alert":"Ding dong – ♪"},"door":7}}');
        $this->assertInstanceOf(Report::class, $report);
        $this->assertSame(Answers::COUNTS, $report->counts);
        $this->assertSame([2, 1, ['9'], null], [
            $report->total, $report->removed, $report->unknownClients, $report->stopped,
        ]);
        $this->assertSame(Answers::REJECTED, get_object_vars($report->results[0]));
    }

    public function testPushToClientsTakesOneOrSeveralOfTextOrNumber(): void
    {
        $client = $this->client(FakeTransport::json(200, Answers::REPORT), FakeTransport::json(200, Answers::REPORT));
        $client->pushToClients(['aps' => []], 7);
        $client->pushToClients(['aps' => []], [3 => 'a', 5 => 8]);

        $this->assertAsked('POST', '/v1/push', '{"app":"doorbell","clientIds":["7"],"payload":{"aps":{}}}');
        $this->assertAsked('POST', '/v1/push', '{"app":"doorbell","clientIds":["a","8"],"payload":{"aps":{}}}', 1);
    }

    public function testOptionsOfAPushGoToTheirPlaces(): void
    {
        $this->client(FakeTransport::json(202, Answers::JOB))->push(['aps' => []], 'aa', [
            'app' => 'other', 'idempotencyKey' => 'ring-1', 'async' => true, 'expiration' => 0, 'inDoubt' => 'resend',
        ]);

        $this->assertAsked('POST', '/v1/push', '{"app":"other","tokens":["aa"],"payload":{"aps":{}},' .
            '"options":{"expiration":0,"inDoubt":"resend"}}');
        $headers = $this->sidecar->asked[0]->headers;
        $this->assertSame(['ring-1', 'respond-async'], [$headers['Idempotency-Key'], $headers['Prefer']]);
    }

    public function testEachPushHasAnIdempotencyKeyOfItsOwn(): void
    {
        $client = $this->client(FakeTransport::json(200, Answers::REPORT), FakeTransport::json(200, Answers::REPORT));
        $client->push(['aps' => []], 'aa');
        $client->push(['aps' => []], 'aa');

        [$first, $second] = $this->sidecar->asked;
        $this->assertMatchesRegularExpression('/^[0-9a-f]{32}$/', $first->headers['Idempotency-Key']);
        $this->assertNotSame($first->headers['Idempotency-Key'], $second->headers['Idempotency-Key']);
    }

    public function testALargePushIsAJob(): void
    {
        $job = $this->client(FakeTransport::json(202, Answers::JOB))->push(self::DING_DONG, ['aa', 'bb']);

        $this->assertInstanceOf(Job::class, $job);
        $this->assertSame(['f00', 'doorbell', 'running', 2, null, false], [
            $job->id, $job->app, $job->state, $job->settled, $job->total, $job->isOver(),
        ]);
        $this->assertSame('2026-01-02 03:04:05.678', $job->createdAt->format('Y-m-d H:i:s.v'));
        $this->assertNull($job->finishedAt);
    }

    public function testWaitLooksAtAJobUntilItIsOver(): void
    {
        $client = $this->client(FakeTransport::json(200, Answers::JOB), FakeTransport::json(200, Answers::FINISHED));
        $seen = [];
        $job = $client->wait('f00', 60, static function (Job $job) use (&$seen): void {
            $seen[] = $job->state;
        });

        $this->assertSame([['running', 'finished'], true], [$seen, $job->isOver()]);
        $this->assertAsked('GET', '/v1/jobs/f00', null, 1);
    }

    public function testWaitGivesUpWhenItsTimeIsOver(): void
    {
        $this->assertFalse($this->client(FakeTransport::json(200, Answers::JOB))->wait('f00', 0)->isOver());
    }

    public function testStopJobTakesBothAnswers(): void
    {
        $client = $this->client(FakeTransport::json(202, Answers::JOB), FakeTransport::json(200, Answers::FINISHED));
        $this->assertFalse($client->stopJob('f00')->isOver());
        $this->assertTrue($client->stopJob('f00')->isOver());
        $this->assertAsked('DELETE', '/v1/jobs/f00');
    }

    public function testPagesAreReadAsTheyAreNeeded(): void
    {
        $client = $this->client(
            FakeTransport::json(200, ['results' => [Answers::REJECTED, Answers::REJECTED], 'next' => 'p&2']),
            FakeTransport::json(200, ['results' => [Answers::REJECTED], 'next' => null])
        );
        $results = $client->results('f00', 'rejected');
        $this->assertCount(0, $this->sidecar->asked);
        $this->assertSame('bb', $results->current()->token);
        $this->assertCount(1, $this->sidecar->asked);
        $tokens = [];
        foreach ($results as $result) {
            $tokens[] = $result->token;
        }
        $this->assertSame(['bb', 'bb', 'bb'], $tokens);
        $this->assertAsked('GET', '/v1/jobs/f00/results?outcome=rejected');
        $this->assertAsked('GET', '/v1/jobs/f00/results?outcome=rejected&after=p%262', null, 1);
    }

    public function testPagesThatNeverEndAreNoAnswer(): void
    {
        $page = FakeTransport::json(200, ['jobs' => [Answers::JOB], 'next' => 'p2']);
        $jobs = $this->client($page, $page)->jobs();

        $this->expectException(AnswerException::class);
        iterator_to_array($jobs, false);
    }

    public function testTokensOfClients(): void
    {
        $client = $this->client(
            new Response(204, [], ''),
            FakeTransport::json(200, ['tokens' => ['aa', 'bb']]),
            new Response(204, [], ''),
            FakeTransport::json(200, ['removed' => 1]),
            FakeTransport::json(200, ['removed' => 2])
        );
        $client->registerToken('a/b ü', 'aa');
        $this->assertSame(['aa', 'bb'], $client->tokens(7));
        $client->removeClientToken('..', 'aa');
        $this->assertSame(1, $client->removeToken('bb'));
        $this->assertSame(2, $client->removeClient('7'));

        $this->assertAsked('PUT', '/v1/clients/a%2Fb%20%C3%BC/tokens/aa');
        $this->assertAsked('GET', '/v1/clients/7/tokens', null, 1);
        $this->assertAsked('DELETE', '/v1/clients/../tokens/aa', null, 2);
        $this->assertAsked('DELETE', '/v1/tokens/bb', null, 3);
        $this->assertAsked('DELETE', '/v1/clients/7/tokens', null, 4);
    }

    public function testEncodeGivesBytesAndDecodeTakesThem(): void
    {
        $client = $this->client(
            FakeTransport::json(200, ['frame' => base64_encode("\x02\x00\xff")]),
            FakeTransport::json(200, ['frames' => []])
        );
        $this->assertSame("\x02\x00\xff", $client->encode('aa', ['aps' => []], ['command' => 2, 'priority' => 5]));
        $this->assertSame(['frames' => []], $client->decode("\x08\x00", 'error-responses'));

        $this->assertAsked('POST', '/v1/encode', '{"token":"aa","payload":{"aps":{}},"as":"base64","command":2,' .
            '"priority":5}');
        $this->assertAsked('POST', '/v1/decode', '{"bytes":"CAA=","as":"base64","kind":"error-responses"}', 1);
    }

    public function testASidecarThatCannotWorkIsNoExceptionOfHealth(): void
    {
        $answer = ['status' => 'failing', 'checks' => ['database' => 'no connection']];
        $response = new Response(503, ['content-type' => 'application/json'], json_encode($answer));
        $this->assertSame($answer, $this->client($response)->health());
        $this->assertAsked('GET', '/readyz');
    }

    public function testARefusalOfHealthIsAnException(): void
    {
        $this->expectException(UnavailableException::class);
        $this->client(FakeTransport::problem(503, 'BELLPUSH_CLOSING', 'It is being stopped.'))->health();
    }

    public function testASidecarBehindAWebServerHasAPath(): void
    {
        $sidecar = new FakeTransport([FakeTransport::json(200, ['tokens' => []])]);
        (new Client('https://push.example.org/bell/', [], $sidecar))->tokens('7');

        $asked = $sidecar->asked[0];
        $this->assertSame('https://push.example.org:443', $asked->address);
        $this->assertSame('/bell/v1/clients/7/tokens', $asked->path);
        $this->assertArrayNotHasKey('Authorization', $asked->headers);
    }

    /** @return array<string, array{mixed}> */
    public function answersOfAnotherVersion(): array
    {
        return [
            'no report' => [[]],
            'text for a number' => [['total' => '2'] + Answers::REPORT],
            'counts are missing' => [['counts' => []] + Answers::REPORT],
            'a result without a token' => [['results' => [['outcome' => 'rejected']]] + Answers::REPORT],
            'clients that are numbers' => [['unknownClients' => [1]] + Answers::REPORT],
            'a number' => [5],
        ];
    }

    /**
     * @dataProvider answersOfAnotherVersion
     * @param mixed $answer
     */
    public function testWhatIsNoReportIsSaidToBeNone($answer): void
    {
        $client = $this->client(FakeTransport::json(200, $answer));

        $this->expectException(AnswerException::class);
        $this->expectExceptionMessage('of another version?');
        $client->push(['aps' => []], 'aa');
    }

    public function testANewerSidecarMaySayMore(): void
    {
        $report = $this->client(FakeTransport::json(200, Answers::REPORT + ['more' => 1]))->push(['aps' => []], 'aa');
        $this->assertSame(2, $report->total);
    }

    /** @return array<string, array{callable}> */
    public function mistakes(): array
    {
        $with = static function (array $options): callable {
            return static function () use ($options) {
                return new Client('http://127.0.0.1:8195', $options);
            };
        };
        $of = static function (callable $call): callable {
            return static function () use ($call) {
                $call(new Client('http://127.0.0.1:8195', [], new FakeTransport([])));
            };
        };

        return [
            'an unknown option' => [$with(['timout' => 3])],
            'no time at all' => [$with(['timeout' => 0])],
            'a time in words' => [$with(['connectTimeout' => '3'])],
            'a key of two lines' => [$with(['key' => "k3y\r\nx"])],
            'a key that ends with a line break' => [$with(['key' => "k3y\n"])],
            'another scheme' => [static function () {
                new Client('ftp://127.0.0.1');
            }],
            'a password in the address' => [static function () {
                new Client('http://user:k3y@127.0.0.1');
            }],
            'an empty client' => [$of(static function (Client $client) {
                $client->tokens('');
            })],
            'an idempotency key of two words' => [$of(static function (Client $client) {
                $client->push(['aps' => []], 'aa', ['idempotencyKey' => 'a b']);
            })],
            'what is not UTF-8' => [$of(static function (Client $client) {
                $client->push(['aps' => ['alert' => "\xff"]], 'aa');
            })],
        ];
    }

    /** @dataProvider mistakes */
    public function testMistakesAreFoundBeforeAnythingIsSent(callable $mistake): void
    {
        try {
            $mistake();
            $this->fail('nothing was thrown');
        } catch (UsageException $error) {
            $this->assertSame('BELLPUSH_OPTION_INVALID', $error->getErrorCode());
            $this->assertStringNotContainsString('k3y', $error->getMessage());
        }
    }
}
