<?php

declare(strict_types=1);

namespace Bellpush\Tests\Unit;

use Bellpush\Client;
use Bellpush\Exception\AnswerException;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\NotFoundException;
use Bellpush\Exception\TimeoutException;
use Bellpush\Http\Bytes;
use Bellpush\Http\EventReader;
use Bellpush\Http\Failure;
use Bellpush\Http\Response;
use Bellpush\Tests\Answers;
use Bellpush\Tests\FakeTransport;
use PHPUnit\Framework\TestCase;

/** What becomes of the events of a job, and after which failures they are asked for again. */
final class WatchTest extends TestCase
{
    private const ADDRESS = 'http://127.0.0.1:8195';

    /** @var FakeTransport */
    private $sidecar;

    /**
     * @param mixed ...$answers
     */
    private function client(...$answers): Client
    {
        $this->sidecar = new FakeTransport($answers);

        return new Client(self::ADDRESS, ['key' => 'k3y'], $this->sidecar);
    }

    private static function head(): Response
    {
        return new Response(200, ['content-type' => 'text/event-stream; charset=utf-8'], '');
    }

    /** @param array<string, mixed> $job */
    private static function event(array $job): string
    {
        return "event: progress\ndata: " . json_encode($job) . "\n\n";
    }

    /** @return string[] states of the jobs */
    private function watch(Client $client, float $seconds = 60): array
    {
        $states = [];
        // Not iterator_to_array(): PHP as WebAssembly cannot wait in it.
        foreach ($client->watch('f00', $seconds) as $job) {
            $states[] = $job->state;
        }

        return $states;
    }

    private function failureOf(Client $client): BellpushException
    {
        try {
            $this->watch($client);
        } catch (BellpushException $error) {
            return $error;
        }
        $this->fail('nothing was thrown');
    }

    public function testAJobIsTheLastOneWhenItIsOver(): void
    {
        $events = self::event(Answers::JOB) . ":\n\n" . self::event(Answers::FINISHED) . self::event(Answers::JOB);
        $client = $this->client([self::head(), $events]);

        $this->assertSame(['running', 'finished'], $this->watch($client));
        $asked = $this->sidecar->asked[0];
        $this->assertSame(['GET', '/v1/jobs/f00/events', null], [$asked->method, $asked->path, $asked->body]);
        $this->assertSame('Bearer k3y', $asked->headers['Authorization']);
        $this->assertStringStartsWith('text/event-stream', $asked->headers['Accept']);
    }

    public function testNothingIsAskedBeforeItIsRead(): void
    {
        $jobs = $this->client([self::head(), self::event(Answers::FINISHED)])->watch('f00', 60);
        $this->assertCount(0, $this->sidecar->asked);
        $this->assertSame('finished', $jobs->current()->state);
    }

    /** @return array<string, array{mixed}> */
    public function interruptions(): array
    {
        $later = ['content-type' => 'application/problem+json', 'retry-after' => '0'];

        return [
            'nothing listens' => [Failure::refused(self::ADDRESS)],
            'it says when to come back' => [
                [new Response(503, $later, ''), '{"code":"BELLPUSH_CLOSING","detail":"It is', ' being stopped."}'],
            ],
            'it ends too early' => [[self::head(), self::event(Answers::JOB), 'data: {']],
            'it is cut' => [[self::head(), self::event(Answers::JOB), Failure::lost(self::ADDRESS, 'reset')]],
            'it goes silent' => [[self::head(), Failure::wentSilent(self::ADDRESS, 45)]],
        ];
    }

    /**
     * @dataProvider interruptions
     * @param mixed $interruption
     */
    public function testItGoesOnAfterAnInterruption($interruption): void
    {
        $client = $this->client($interruption, [self::head(), self::event(Answers::FINISHED)]);
        $states = $this->watch($client);
        $this->assertSame('finished', end($states));
        $this->assertCount(2, $this->sidecar->asked);
    }

    /** @return array<string, array{mixed, class-string<BellpushException>}> */
    public function ends(): array
    {
        $problem = '{"code":"BELLPUSH_JOB_UNKNOWN","detail":"There is none."}';
        $type = ['content-type' => 'application/problem+json'];

        return [
            'no such job' => [[new Response(404, $type, ''), $problem], NotFoundException::class],
            'no answer' => [Failure::silent(self::ADDRESS, 30), TimeoutException::class],
            'something else' => [[new Response(200, ['content-type' => 'text/html'], ''), 'x'], AnswerException::class],
            'no JSON' => [[self::head(), "data: x\n\n"], AnswerException::class],
            'no job' => [[self::head(), "data: {}\n\n"], AnswerException::class],
            'a line without end' => [
                [self::head(), str_repeat('x', EventReader::MAX_EVENT + 1)], AnswerException::class,
            ],
        ];
    }

    /**
     * @dataProvider ends
     * @param mixed $answer
     * @param class-string<BellpushException> $class
     */
    public function testWhatCannotBeWatchedIsToldAtOnce($answer, string $class): void
    {
        $this->assertInstanceOf($class, $this->failureOf($this->client($answer)));
        $this->assertCount(1, $this->sidecar->asked);
    }

    public function testItGivesUpIfTheClientIsToldNotToTryAgain(): void
    {
        $sidecar = new FakeTransport([[self::head(), self::event(Answers::JOB)]]);
        $error = $this->failureOf(new Client(self::ADDRESS, ['retryFor' => 0], $sidecar));
        $this->assertInstanceOf(AnswerException::class, $error);
        $this->assertTrue($error->isCut());
    }

    public function testItEndsWithItsTime(): void
    {
        $this->assertSame([], $this->watch($this->client([]), 0));
    }

    public function testAnEventIsTheSameInWhateverPiecesItComes(): void
    {
        $text = ":\r\nevent: progress\r\ndata: ♪ 1\r\ndata:2\r\n\r\n\n:\n\nid: 7\ndata: b: c\n\ndata: never complete";
        for ($at = 0; $at <= Bytes::length($text); $at++) {
            $reader = new EventReader(self::ADDRESS);
            $read = [];
            foreach ([Bytes::from($text, 0, $at), Bytes::from($text, $at)] as $piece) {
                foreach ($reader->read($piece) as $data) {
                    $read[] = $data;
                }
            }
            $this->assertSame(["♪ 1\n2", 'b: c'], $read, "cut at $at");
        }
    }

    public function testAnEventOfEndlessLinesIsRefused(): void
    {
        $reader = new EventReader(self::ADDRESS);
        $this->expectException(AnswerException::class);
        $this->expectExceptionMessage('longer than 65536 bytes');
        for ($i = 0; $i < 9999; $i++) {
            iterator_to_array($reader->read("data: 0123456789\n"));
        }
    }
}
