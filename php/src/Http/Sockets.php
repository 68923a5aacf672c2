<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * By PHP's own sockets, for a PHP without curl: a connection for each request.
 *
 * It speaks HTTP/1.0, in which an answer has no chunks. PHP's `http://` wrapper would do that, too, but has one
 * time-out for everything, which begins anew with each byte, and cannot tell whether a request was sent before it
 * failed.
 */
final class Sockets implements Transport
{
    /** "Connection refused" of Linux, of BSD and macOS, of Windows. */
    public const REFUSED = [111, 61, 10061];

    private const MAX_HEAD = 65536;

    /** @var float seconds */
    private $connectTimeout;

    /** @var float seconds */
    private $timeout;

    public function __construct(float $connectTimeout, float $timeout)
    {
        $this->connectTimeout = $connectTimeout;
        $this->timeout = $timeout;
    }

    public function send(Request $request): Response
    {
        $deadline = microtime(true) + $this->timeout;
        $socket = $this->connect($request->address);
        try {
            stream_set_blocking($socket, false);
            $this->write($socket, $this->text($request), $request->address, $deadline);
            $answer = $this->read($socket, $request->address, $deadline);
        } finally {
            fclose($socket);
        }

        return $this->parse($answer, $request->address);
    }

    /** @return resource */
    private function connect(string $address)
    {
        $seconds = min($this->connectTimeout, $this->timeout);
        $remote = str_replace(['http://', 'https://'], ['tcp://', 'tls://'], $address);
        $start = microtime(true);
        error_clear_last();
        $socket = @stream_socket_client($remote, $errno, $why, $seconds);
        if ($socket !== false) {
            return $socket;
        }
        if (in_array($errno, self::REFUSED, true)) {
            throw Failure::refused($address);
        }
        if (microtime(true) - $start >= $seconds) {
            throw Failure::noConnection($address, $seconds);
        }
        throw Failure::unreachable($address, $why ?: (error_get_last()['message'] ?? 'no reason is known'));
    }

    private function text(Request $request): string
    {
        $lines = array_merge(
            ["$request->method $request->path HTTP/1.0", 'Host: ' . explode('://', $request->address)[1]],
            $request->headerLines(),
            ['Connection: close']
        );
        if ($request->body !== null) {
            $lines[] = 'Content-Length: ' . strlen($request->body);
        }

        return implode("\r\n", $lines) . "\r\n\r\n" . $request->body;
    }

    /**
     * Writes as much as the other side takes: if it closes before it has all, it may have answered all the same.
     * @param resource $socket
     */
    private function write($socket, string $text, string $address, float $deadline): void
    {
        for ($at = 0; $at < strlen($text); $at += $written) {
            $written = @fwrite($socket, substr($text, $at, 65536));
            if ($written === false) {
                return;
            }
            if ($written === 0) {
                $this->await($socket, false, $address, $deadline);
            }
        }
    }

    /**
     * All bytes up to the end of the answer's body, or of the connection.
     * @param resource $socket
     */
    private function read($socket, string $address, float $deadline): string
    {
        $answer = '';
        while (!$this->isWhole($answer)) {
            $chunk = @fread($socket, 65536);
            if ($chunk === false || ($chunk === '' && feof($socket))) {
                break;
            }
            if ($chunk === '') {
                $this->await($socket, true, $address, $deadline);
                continue;
            }
            $answer .= $chunk;
            if (strlen($answer) > self::MAX_BODY + self::MAX_HEAD) {
                throw Failure::tooLong($address);
            }
        }

        return $answer;
    }

    /**
     * @param resource $socket
     */
    private function await($socket, bool $toRead, string $address, float $deadline): void
    {
        $left = $deadline - microtime(true);
        if ($left > 0) {
            $read = $toRead ? [$socket] : [];
            $write = $toRead ? [] : [$socket];
            $except = [];
            @stream_select($read, $write, $except, (int) $left, (int) (fmod($left, 1) * 1e6));
        }
        if (microtime(true) >= $deadline) {
            throw Failure::silent($address, $this->timeout);
        }
    }

    private function isWhole(string $answer): bool
    {
        $end = strpos($answer, "\r\n\r\n");
        if ($end === false) {
            return false;
        }
        $length = $this->lengthOf(substr($answer, 0, $end));

        return $length !== null && strlen($answer) >= $end + 4 + $length;
    }

    private function lengthOf(string $head): ?int
    {
        return preg_match('/^content-length:\s*(\d{1,18})\s*$/mi', $head, $match) ? (int) $match[1] : null;
    }

    private function parse(string $answer, string $address): Response
    {
        $end = strpos($answer, "\r\n\r\n");
        if ($end === false) {
            if ($answer !== '' && strncmp($answer, 'HTTP/', 5) !== 0) {
                throw Failure::noHttp($address);
            }
            throw Failure::lost($address, 'the headers are not complete');
        }
        $head = substr($answer, 0, $end);
        if (!preg_match('~^HTTP/1\.[01] (\d{3})~', $head, $match)) {
            throw Failure::noHttp($address);
        }
        $body = substr($answer, $end + 4);
        $length = $this->lengthOf($head);
        if ($length !== null && strlen($body) < $length) {
            throw Failure::lost($address, strlen($body) . " bytes of $length");
        }
        $lines = array_slice(explode("\r\n", $head), 1);

        return Response::of((int) $match[1], $lines, $length === null ? $body : substr($body, 0, $length));
    }
}
