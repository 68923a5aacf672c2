<?php

declare(strict_types=1);

namespace Bellpush\Tests;

/**
 * The process of scripted-server.php, and what it was asked.
 */
final class ScriptedServer
{
    /** @var string */
    public $url;

    /** @var resource */
    private $process;

    /** @var array<int, resource> */
    private $pipes;

    /**
     * @param array<int, array{bytes: string, then: string}> $answers of answer(), bytes() or silence()
     */
    public function __construct(array $answers, string $host = '127.0.0.1')
    {
        $command = [PHP_BINARY, __DIR__ . '/scripted-server.php', $host];
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $this->pipes);
        fwrite($this->pipes[0], json_encode($answers) . "\n");
        $this->url = "http://$host:" . trim(fgets($this->pipes[1]));
    }

    public function __destruct()
    {
        fclose($this->pipes[0]);
        proc_close($this->process);
    }

    /**
     * The next request, as it came.
     *
     * @return array{line: string, headers: array<string, string>, body: string}
     */
    public function asked(): array
    {
        $request = json_decode(fgets($this->pipes[1]), true);
        $lines = explode("\r\n", $request['head']);
        $headers = [];
        foreach (array_slice($lines, 1) as $line) {
            [$name, $value] = explode(': ', $line, 2) + ['', ''];
            $headers[strtolower($name)] = $value;
        }

        return ['line' => $lines[0], 'headers' => $headers, 'body' => $request['body']];
    }

    /** What the server says besides requests. */
    public function said(): string
    {
        return json_decode(fgets($this->pipes[1]));
    }

    /** @return array{bytes: string, then: string} */
    public static function bytes(string $bytes, string $then = 'close'): array
    {
        return ['bytes' => base64_encode($bytes), 'then' => $then];
    }

    /**
     * @param mixed $body written as JSON unless it is text
     * @param string[] $headers
     * @return array{bytes: string, then: string}
     */
    public static function answer(int $status, $body, array $headers = []): array
    {
        $text = is_string($body) ? $body : json_encode($body);
        $headers[] = 'Content-Length: ' . strlen($text);
        if (!preg_grep('/^content-type:/i', $headers)) {
            $headers[] = 'Content-Type: application/' . ($status >= 400 ? 'problem+json' : 'json');
        }

        return self::bytes("HTTP/1.1 $status X\r\n" . implode("\r\n", $headers) . "\r\n\r\n$text");
    }

    /** @return array{bytes: string, then: string} takes the request and says nothing */
    public static function silence(): array
    {
        return self::bytes('', 'hold');
    }
}
