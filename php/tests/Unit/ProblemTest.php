<?php

declare(strict_types=1);

namespace Bellpush\Tests\Unit;

use Bellpush\Client;
use Bellpush\Exception;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\ProblemException;
use Bellpush\Http\Failure;
use Bellpush\Http\Response;
use Bellpush\Tests\Answers;
use Bellpush\Tests\FakeTransport;
use PHPUnit\Framework\TestCase;

/** What becomes of the sidecar's refusals, and which requests are sent again. */
final class ProblemTest extends TestCase
{
    /** @var FakeTransport */
    private $sidecar;

    /**
     * @param array<string, mixed> $options
     * @param mixed ...$answers
     */
    private function client(array $options, ...$answers): Client
    {
        $this->sidecar = new FakeTransport($answers);

        return new Client('http://127.0.0.1:8195', $options, $this->sidecar);
    }

    private function failureOf(Client $client): BellpushException
    {
        try {
            $client->push(['aps' => []], 'aa', ['idempotencyKey' => 'ring-1']);
        } catch (BellpushException $error) {
            return $error;
        }
        $this->fail('nothing was thrown');
    }

    /** @return array<int, array{int, class-string}> */
    public function families(): array
    {
        return [
            [400, Exception\RequestException::class],
            [401, Exception\KeyException::class],
            [403, Exception\KeyException::class],
            [404, Exception\NotFoundException::class],
            [409, Exception\ConflictException::class],
            [413, Exception\RequestException::class],
            [418, ProblemException::class],
            [422, Exception\RequestException::class],
            [429, Exception\RateLimitException::class],
            [500, Exception\UnavailableException::class],
            [503, Exception\UnavailableException::class],
        ];
    }

    /**
     * @dataProvider families
     * @param class-string $class
     */
    public function testAProblemIsAnExceptionOfItsFamilyWithCodeAndDetail(int $status, string $class): void
    {
        $problem = FakeTransport::problem($status, 'BELLPUSH_X', 'It is so.', ['retry-after' => '17']);
        $error = $this->failureOf($this->client([], $problem));

        $this->assertSame($class, get_class($error));
        $this->assertInstanceOf(ProblemException::class, $error);
        $this->assertSame([$status, 'BELLPUSH_X', 'It is so.', 17, 'ring-1'], [
            $error->getCode(), $error->getErrorCode(), $error->getDetail(), $error->getRetryAfter(),
            $error->getIdempotencyKey(),
        ]);
        $this->assertSame("It is so. (BELLPUSH_X, status $status)", $error->getMessage());
        $this->assertCount(1, $this->sidecar->asked);
    }

    /** @return array<string, array{Response}> */
    public function notOfASidecar(): array
    {
        return [
            'a page of a web server' => [new Response(502, ['content-type' => 'text/html'], '<h1>Bad gateway</h1>')],
            'a problem without a code' => [FakeTransport::json(404, ['detail' => 'x'])],
            'a problem that is no JSON' => [new Response(500, ['content-type' => 'application/problem+json'], '{')],
            'another place' => [new Response(302, ['location' => 'http://example.org/'], '')],
            'a page that is fine' => [new Response(200, ['content-type' => 'text/html'], '<h1>It works!</h1>')],
            'cut JSON' => [new Response(200, ['content-type' => 'application/json'], '{"counts":{')],
            'nothing' => [new Response(200, [], '')],
        ];
    }

    /** @dataProvider notOfASidecar */
    public function testWhatNoSidecarSaysIsNoAnswer(Response $response): void
    {
        $error = $this->failureOf($this->client([], $response));
        $this->assertInstanceOf(Exception\AnswerException::class, $error);
        $this->assertSame(['BELLPUSH_SIDECAR_ANSWER', $response->status], [$error->getErrorCode(), $error->getCode()]);
        $this->assertStringContainsString('http://127.0.0.1:8195', $error->getMessage());
    }

    public function testAnEndlessDetailOfSeveralLinesFitsALog(): void
    {
        $problem = FakeTransport::problem(400, 'BELLPUSH_X', str_repeat("a\n", 9999));
        $error = $this->failureOf($this->client([], $problem));
        $this->assertLessThan(2100, strlen($error->getMessage()));
        $this->assertStringNotContainsString("\n", $error->getMessage());
    }

    public function testARefusedConnectionAndA503AreSentAgainUnderTheSameIdempotencyKey(): void
    {
        $client = $this->client(
            [],
            Failure::refused('http://127.0.0.1:8195'),
            FakeTransport::problem(503, 'BELLPUSH_QUEUE_FULL', 'Full.', ['retry-after' => '0']),
            FakeTransport::json(200, Answers::REPORT)
        );
        $this->assertSame(2, $client->push(['aps' => []], 'aa')->total);

        $keys = array_map(static function ($asked) {
            return $asked->headers['Idempotency-Key'];
        }, $this->sidecar->asked);
        $this->assertCount(3, $keys);
        $this->assertCount(1, array_unique($keys));
    }

    /** @return array<string, array{Response|BellpushException}> */
    public function notSentAgain(): array
    {
        return [
            'a time-out' => [Failure::silent('http://127.0.0.1:8195', 30)],
            'a lost connection' => [Failure::lost('http://127.0.0.1:8195', 'reset')],
            'an unknown host' => [Failure::unreachable('http://127.0.0.1:8195', 'no such host')],
            'a 503 that says not when' => [FakeTransport::problem(503, 'BELLPUSH_X', 'x')],
            'a 503 for longer than this client tries' => [
                FakeTransport::problem(503, 'BELLPUSH_X', 'x', ['retry-after' => '60']),
            ],
            'a 500' => [FakeTransport::problem(500, 'BELLPUSH_X', 'x', ['retry-after' => '0'])],
            'a 429' => [FakeTransport::problem(429, 'BELLPUSH_X', 'x', ['retry-after' => '0'])],
        ];
    }

    /**
     * @dataProvider notSentAgain
     * @param Response|BellpushException $answer
     */
    public function testWhatMayHaveBeenDoneOrCannotBeDoneIsNotSentAgain($answer): void
    {
        $this->failureOf($this->client([], $answer));
        $this->assertCount(1, $this->sidecar->asked);
    }

    public function testNothingIsSentAgainIfTheClientIsToldSo(): void
    {
        $this->failureOf($this->client(['retryFor' => 0], Failure::refused('http://127.0.0.1:8195')));
        $this->assertCount(1, $this->sidecar->asked);
    }

    public function testNoDumpOfTheClientOrOfAnErrorShowsTheKey(): void
    {
        $client = $this->client(['key' => 's3cret'], FakeTransport::problem(401, 'BELLPUSH_KEY_INVALID', 'Wrong key.'));
        $error = $this->failureOf($client);
        $shown = print_r($client, true) . print_r($error, true) . $error . $error->getTraceAsString();
        $this->assertStringNotContainsString('s3cret', $shown);
    }

    public function testNoTraceOfAMistakeShowsTheKey(): void
    {
        try {
            new Client('ftp://127.0.0.1', ['key' => 's3cret']);
        } catch (BellpushException $error) {
            $this->assertStringNotContainsString('s3cret', (string) $error);
        }
        $this->assertTrue(isset($error));
    }
}
