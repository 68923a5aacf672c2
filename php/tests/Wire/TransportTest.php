<?php

declare(strict_types=1);

namespace Bellpush\Tests\Wire;

use Bellpush\Client;
use Bellpush\Exception\AnswerException;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\ConnectionException;
use Bellpush\Exception\TimeoutException;
use Bellpush\Http\Curl;
use Bellpush\Http\Transport;
use Bellpush\Tests\Answers;
use Bellpush\Tests\ScriptedServer;
use Bellpush\Tests\TransportCase;

/** What happens on the way to the sidecar and back, by curl and by plain sockets. */
final class TransportTest extends TransportCase
{
    /** @param class-string<Transport> $transport */
    private function client(
        string $transport,
        string $url,
        float $connectTimeout = self::TIMEOUT,
        float $timeout = self::TIMEOUT
    ): Client {
        return new Client($url, ['key' => 's3cret', 'retryFor' => 0], new $transport($connectTimeout, $timeout));
    }

    private function failureOf(Client $client): BellpushException
    {
        $error = $this->failureIn(static function () use ($client): void {
            $client->push(['aps' => []], 'aa', ['idempotencyKey' => 'ring-1']);
        });
        $this->assertStringNotContainsString('s3cret', (string) $error);

        return $error;
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testARequestArrivesAsItWasMeant(string $transport): void
    {
        $server = new ScriptedServer([
            ScriptedServer::answer(200, Answers::REPORT),
            ScriptedServer::bytes("HTTP/1.1 204 X\r\n\r\n"),
        ]);
        $client = $this->client($transport, "$server->url/bell");
        $this->assertSame(2, $client->push(['aps' => ['alert' => 'ü']], 'aa')->total);
        $client->removeClientToken('..', 'aa');

        $push = $server->asked();
        $this->assertMatchesRegularExpression('~^POST /bell/v1/push HTTP/1\.[01]$~', $push['line']);
        $this->assertSame('{"tokens":["aa"],"payload":{"aps":{"alert":"ü"}}}', $push['body']);
        $this->assertSame(
            ['Bearer s3cret', 'application/json', substr($server->url, 7)],
            [$push['headers']['authorization'], $push['headers']['content-type'], $push['headers']['host']]
        );
        $this->assertStringStartsWith('DELETE /bell/v1/clients/../tokens/aa ', $server->asked()['line']);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testALongPushIsSentWhole(string $transport): void
    {
        $server = new ScriptedServer([ScriptedServer::answer(202, Answers::JOB)]);
        $tokens = array_map(static function (int $number): string {
            return sprintf('%064x', $number);
        }, range(1, 20000));
        $this->assertSame('f00', $this->client($transport, $server->url)->push(['aps' => []], $tokens)->id);
        $body = '{"tokens":["' . implode('","', $tokens) . '"],"payload":{"aps":{}}}';
        $this->assertSame(sha1($body), $server->asked()['body']);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testNobodyListens(string $transport): void
    {
        $url = self::deadUrl();
        $error = $this->failureOf($this->client($transport, $url));

        $this->assertInstanceOf(ConnectionException::class, $error);
        $this->assertTrue($error->isRefused());
        $this->assertSame('BELLPUSH_SIDECAR_UNREACHABLE', $error->getErrorCode());
        $this->assertStringContainsString($url, $error->getMessage());
        $this->assertStringContainsString('bellpush serve', $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testThereIsNoSuchHost(string $transport): void
    {
        $error = $this->failureOf($this->client($transport, 'http://sidecar.invalid:8195'));
        $this->assertInstanceOf(ConnectionException::class, $error);
        $this->assertFalse($error->isRefused());
        $this->assertStringContainsString('http://sidecar.invalid:8195', $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testNoConnectionInTime(string $transport): void
    {
        // The kernel answers as many as the queue has room for, and lets the others wait.
        $context = stream_context_create(['socket' => ['backlog' => 1]]);
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $server = stream_socket_server('tcp://127.0.0.1:0', $errno, $why, $flags, $context);
        $name = stream_socket_get_name($server, false);
        $waiting = [];
        for ($i = 0; $i < 8; $i++) {
            $waiting[] = stream_socket_client("tcp://$name", $errno, $why, 1, STREAM_CLIENT_ASYNC_CONNECT);
        }
        $error = $this->failureOf($this->client($transport, "http://$name", self::SHORT));

        $this->assertInstanceOf(ConnectionException::class, $error);
        $this->assertStringContainsString("http://$name after 0.3 s", $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testNoAnswerInTime(string $transport): void
    {
        $server = new ScriptedServer([ScriptedServer::silence()]);
        $error = $this->failureOf($this->client($transport, $server->url, self::TIMEOUT, self::SHORT));

        $this->assertInstanceOf(TimeoutException::class, $error);
        $this->assertSame(['BELLPUSH_SIDECAR_SILENT', 'ring-1'], [$error->getErrorCode(), $error->getIdempotencyKey()]);
        $this->assertStringContainsString("$server->url has not answered within 0.3 s", $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testOnlyAPartOfTheAnswerInTime(string $transport): void
    {
        $part = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";
        $server = new ScriptedServer([ScriptedServer::bytes($part, 'hold')]);
        $error = $this->failureOf($this->client($transport, $server->url, self::TIMEOUT, self::SHORT));
        $this->assertInstanceOf(TimeoutException::class, $error);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testAnAnswerWithoutABodyIsWholeThoughTheConnectionStaysOpen(string $transport): void
    {
        $server = new ScriptedServer([ScriptedServer::bytes("HTTP/1.1 204 No Content\r\n\r\n", 'hold')]);
        $this->client($transport, $server->url)->registerToken(7, 'aa');
        $this->assertStringStartsWith('PUT /v1/clients/7/tokens/aa ', $server->asked()['line']);
    }

    /** @return iterable<string, array{class-string<Transport>, string}> */
    public function cutAnswers(): iterable
    {
        $answers = [
            'nothing' => '',
            'a part of a header' => "HTTP/1.1 200 OK\r\nContent-Le",
            'no body' => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
            'a part of the body' => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"counts\":",
        ];
        foreach ($this->transports() as $name => [$transport]) {
            foreach ($answers as $what => $bytes) {
                yield "$name: $what" => [$transport, $bytes];
            }
        }
        $chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"coun";
        yield 'curl: a part of a chunk' => [Curl::class, $chunk];
        yield 'curl: no last chunk' => [Curl::class, "$chunk\r\n"];
        yield 'curl: no chunk' => [Curl::class, "$chunk\r\nxyz\r\n"];
    }

    /**
     * @dataProvider cutAnswers
     * @param class-string<Transport> $transport
     */
    public function testTheConnectionEndsTooEarly(string $transport, string $bytes): void
    {
        $server = new ScriptedServer([ScriptedServer::bytes($bytes)]);
        $error = $this->failureOf($this->client($transport, $server->url));
        $this->assertInstanceOf(AnswerException::class, $error);
        $this->assertSame('ring-1', $error->getIdempotencyKey());
        $lost = "The connection to $server->url ended before the whole answer was there";
        $this->assertStringContainsString($lost, $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testSomethingElseListens(string $transport): void
    {
        $server = new ScriptedServer([ScriptedServer::bytes("220 mail.example.org ESMTP\r\n\r\n")]);
        $error = $this->failureOf($this->client($transport, $server->url));
        $this->assertInstanceOf(AnswerException::class, $error);
        $this->assertStringContainsString('does not speak HTTP', $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testAnAnswerIsNotReadWithoutEnd(string $transport): void
    {
        $long = str_repeat('x', Transport::MAX_BODY + 70000);
        $server = new ScriptedServer([ScriptedServer::answer(200, $long)]);
        $error = $this->failureOf($this->client($transport, $server->url));
        $this->assertInstanceOf(AnswerException::class, $error);
        $this->assertStringContainsString('longer than 16777216 bytes', $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testHeadersAreNotReadWithoutEnd(string $transport): void
    {
        $lines = str_repeat("X-Door: 7\r\n", 20000);
        $server = new ScriptedServer([ScriptedServer::bytes("HTTP/1.1 200 OK\r\n$lines", 'hold')]);
        $error = $this->failureOf($this->client($transport, $server->url));
        $this->assertInstanceOf(AnswerException::class, $error);
        $this->assertStringContainsString('longer than 65536 bytes', $error->getMessage());
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testACompressedAnswerThatNobodyAskedForIsNoAnswer(string $transport): void
    {
        $headers = ['Content-Encoding: gzip', 'Content-Type: application/json'];
        $body = gzencode(json_encode(Answers::REPORT));
        $server = new ScriptedServer([ScriptedServer::answer(200, $body, $headers)]);
        $error = $this->failureOf($this->client($transport, $server->url));
        $this->assertInstanceOf(AnswerException::class, $error);
        $this->assertArrayNotHasKey('accept-encoding', $server->asked()['headers']);
    }

    public function testCurlReadsChunks(): void
    {
        $json = json_encode(['tokens' => ['aa']]);
        $chunks = sprintf("5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", substr($json, 0, 5), strlen($json) - 5, substr($json, 5));
        $head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        $server = new ScriptedServer([ScriptedServer::bytes($head . $chunks)]);
        $this->assertSame(['aa'], $this->client(Curl::class, $server->url)->tokens('7'));
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testAnAddressOfIPv6(string $transport): void
    {
        $server = new ScriptedServer([ScriptedServer::answer(200, ['tokens' => []])], '[::1]');
        $this->assertSame([], $this->client($transport, $server->url)->tokens('7'));
        $this->assertStringStartsWith('[::1]:', $server->asked()['headers']['host']);
    }

    /**
     * @dataProvider transports
     * @param class-string<Transport> $transport
     */
    public function testAProxyOfTheEnvironmentIsNotAsked(string $transport): void
    {
        $server = new ScriptedServer([ScriptedServer::answer(200, ['tokens' => []])]);
        $names = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'];
        foreach ($names as $name) {
            putenv("$name=http://127.0.0.1:1");
        }
        try {
            $this->assertSame([], $this->client($transport, $server->url)->tokens('7'));
        } finally {
            array_map('putenv', $names);
        }
    }
}
