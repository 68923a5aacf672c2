<?php

declare(strict_types=1);

namespace Bellpush\Tests\Wire;

use Bellpush\Client;
use Bellpush\Exception\AnswerException;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\ConnectionException;
use Bellpush\Exception\NotFoundException;
use Bellpush\Exception\TimeoutException;
use Bellpush\Http\Curl;
use Bellpush\Http\Transport;
use Bellpush\Tests\Answers;
use Bellpush\Tests\ScriptedServer;
use Bellpush\Tests\TransportCase;

/** Events on their way from the sidecar, by curl and by plain sockets. */
final class StreamTest extends TransportCase
{
    private const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";

    /**
     * @param array<string, mixed> $options
     * @return string[] states of the jobs
     */
    private function watch(
        string $url,
        Transport $transport,
        float $seconds = self::TIMEOUT,
        array $options = []
    ): array {
        $states = [];
        foreach ((new Client($url, $options, $transport))->watch('f00', $seconds) as $job) {
            $states[] = $job->state;
        }

        return $states;
    }

    /** @param array<string, mixed> $job */
    private static function event(array $job): string
    {
        return 'data: ' . json_encode($job) . "\n\n";
    }

    private function failureOf(string $url, Transport $transport): BellpushException
    {
        return $this->failureIn(function () use ($url, $transport): void {
            $this->watch($url, $transport, self::TIMEOUT, ['retryFor' => 0]);
        });
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testTheConnectionIsClosedWhenTheJobIsOver(string $transport): void
    {
        $text = self::HEAD . self::event(Answers::JOB) . self::event(Answers::FINISHED);
        $server = new ScriptedServer([ScriptedServer::bytes($text, 'until-closed')]);
        $this->assertSame(['running', 'finished'], $this->watch($server->url, new $transport(10, self::TIMEOUT)));
        $asked = $server->asked();
        $this->assertStringStartsWith('GET /v1/jobs/f00/events HTTP/1.', $asked['line']);
        $this->assertStringStartsWith('text/event-stream', $asked['headers']['accept']);
        $this->assertSame('closed', $server->said());
    }

    public function testCurlReadsEventsInChunks(): void
    {
        $text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        foreach (str_split(self::event(Answers::JOB) . self::event(Answers::FINISHED), 100) as $chunk) {
            $text .= sprintf("%x\r\n%s\r\n", strlen($chunk), $chunk);
        }
        $server = new ScriptedServer([ScriptedServer::bytes($text, 'hold')]);
        $this->assertSame(['running', 'finished'], $this->watch($server->url, new Curl(10, self::TIMEOUT)));
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testItEndsWithItsTimeThoughTheJobGoesOn(string $transport): void
    {
        $server = new ScriptedServer([ScriptedServer::bytes(self::HEAD . self::event(Answers::JOB), 'hold')]);
        $states = $this->watch($server->url, new $transport(10, self::TIMEOUT), self::SHORT);
        $this->assertSame(['running'], $states);
    }

    /** @return iterable<string, array{class-string<Transport>, string, string}> */
    public function interruptions(): iterable
    {
        foreach ($this->transports() as $name => [$transport]) {
            yield "$name: the connection ends" => [$transport, self::event(Answers::JOB) . 'data: {"id', 'close'];
            yield "$name: it goes silent" => [$transport, self::event(Answers::JOB), 'hold'];
        }
    }

    /**
     * @dataProvider interruptions
     * @param class-string<Transport> $transport
     */
    public function testItIsAskedAgain(string $transport, string $text, string $then): void
    {
        $server = new ScriptedServer([
            ScriptedServer::bytes(self::HEAD . $text, $then),
            ScriptedServer::bytes(self::HEAD . self::event(Answers::FINISHED), 'hold'),
        ]);
        $states = $this->watch($server->url, new $transport(10, self::TIMEOUT, self::SHORT));
        $this->assertSame(['running', 'finished'], $states);
    }

    /** @return iterable<string, array{class-string<Transport>, array<string, string>, class-string<\Throwable>}> */
    public function ends(): iterable
    {
        $problem = ['code' => 'BELLPUSH_JOB_UNKNOWN', 'detail' => 'There is none.'];
        $length = 'Content-Length: 9999';
        foreach ($this->transports() as $name => [$transport]) {
            yield "$name: nothing" => [$transport, ScriptedServer::silence(), TimeoutException::class];
            yield "$name: no job" => [$transport, ScriptedServer::answer(404, $problem), NotFoundException::class];
            yield "$name: a cut head" => [
                $transport, ScriptedServer::bytes("HTTP/1.1 200 OK\r\nContent-Le"), AnswerException::class,
            ];
            yield "$name: a cut body" => [
                $transport, ScriptedServer::bytes("HTTP/1.1 404 X\r\n$length\r\n\r\n{"), AnswerException::class,
            ];
            yield "$name: another protocol" => [
                $transport, ScriptedServer::bytes("220 mail.example.org ESMTP\r\n\r\n"), AnswerException::class,
            ];
            yield "$name: endless headers" => [
                $transport,
                ScriptedServer::bytes("HTTP/1.1 200 OK\r\n" . str_repeat("X: y\r\n", 20000), 'hold'),
                AnswerException::class,
            ];
        }
    }

    /**
     * @dataProvider ends
     * @param class-string<Transport> $transport
     * @param array<string, string> $answer
     * @param class-string<\Throwable> $class
     */
    public function testWhatCannotBeWatchedIsTold(string $transport, array $answer, string $class): void
    {
        $server = new ScriptedServer([$answer]);
        $this->assertInstanceOf($class, $this->failureOf($server->url, new $transport(10, 1.0)));
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testNobodyListens(string $transport): void
    {
        $error = $this->failureOf(self::deadUrl(), new $transport(10, self::TIMEOUT));
        $this->assertInstanceOf(ConnectionException::class, $error);
        $this->assertTrue($error->isRefused());
    }
}
