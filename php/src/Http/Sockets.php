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

    /** Bytes that are read and written at once. */
    private const PIECE = 65536;

    /** @var float seconds */
    private $connectTimeout;

    /** @var float seconds */
    private $timeout;

    /** @var float seconds */
    private $silence;

    /**
     * @param float $silence for how many seconds a stream may be silent
     */
    public function __construct(float $connectTimeout, float $timeout, float $silence = 45.0)
    {
        $this->connectTimeout = $connectTimeout;
        $this->timeout = $timeout;
        $this->silence = $silence;
    }

    public function send(Request $request): Response
    {
        $deadline = Clock::now() + $this->timeout;
        $socket = $this->ask($request, $deadline);
        try {
            $answer = new Incoming($request->address);
            while (!$answer->isWhole() && ($bytes = $this->read($socket)) !== null) {
                if ($bytes === '' && !$this->await($socket, true, $deadline)) {
                    throw Failure::silent($request->address, $this->timeout);
                }
                $answer->add($bytes);
                if ($answer->waiting() > self::MAX_BODY) {
                    throw Failure::tooLong($request->address);
                }
            }
        } finally {
            fclose($socket);
        }
        $answer->checkEnd();
        $head = $answer->head();

        return new Response($head->status, $head->headers, $answer->takeBody());
    }

    public function stream(Request $request, float $seconds): \Generator
    {
        $start = Clock::now();
        $end = $start + $seconds;
        $deadline = $start + $this->timeout;
        $socket = $this->ask($request, $deadline);
        try {
            $answer = new Incoming($request->address);
            while (!$answer->isWhole() && ($bytes = $this->read($socket)) !== null) {
                $isLate = $bytes === '' && !$this->await($socket, true, min($deadline, $end));
                if (Clock::now() >= $end) {
                    return;
                }
                if ($isLate) {
                    throw $answer->head() === null
                        ? Failure::silent($request->address, $this->timeout)
                        : Failure::wentSilent($request->address, $this->silence);
                }
                $hadHead = $answer->head() !== null;
                $answer->add($bytes);
                if (!$hadHead && $answer->head() !== null) {
                    yield $answer->head();
                }
                if ($answer->waiting() > 0) {
                    yield $answer->takeBody();
                }
                if ($bytes !== '' && $answer->head() !== null) {
                    $deadline = Clock::now() + $this->silence;
                }
            }
            $answer->checkEnd();
        } finally {
            fclose($socket);
        }
    }

    /** @return resource a socket on which the request was sent */
    private function ask(Request $request, float $deadline)
    {
        $socket = $this->connect($request->address);
        stream_set_blocking($socket, false);
        if (!$this->write($socket, $this->text($request), $deadline)) {
            fclose($socket);
            throw Failure::silent($request->address, $this->timeout);
        }

        return $socket;
    }

    /** @return resource */
    private function connect(string $address)
    {
        $seconds = min($this->connectTimeout, $this->timeout);
        $remote = str_replace(['http://', 'https://'], ['tcp://', 'tls://'], $address);
        $start = Clock::now();
        $socket = $this->quietly(static function () use ($remote, $seconds, &$errno, &$why) {
            return stream_socket_client($remote, $errno, $why, $seconds);
        }, $warning);
        if ($socket !== false) {
            return $socket;
        }
        if (in_array($errno, self::REFUSED, true)) {
            throw Failure::refused($address);
        }
        if (Clock::now() - $start >= $seconds) {
            throw Failure::noConnection($address, $seconds);
        }
        throw Failure::unreachable($address, $why ?: ($warning ?: 'no reason is known'));
    }

    private function text(Request $request): string
    {
        $lines = array_merge(
            ["$request->method $request->path HTTP/1.0", 'Host: ' . explode('://', $request->address)[1]],
            $request->headerLines(),
            ['Connection: close']
        );
        if ($request->body !== null) {
            $lines[] = 'Content-Length: ' . Bytes::length($request->body);
        }

        return implode("\r\n", $lines) . "\r\n\r\n" . $request->body;
    }

    /**
     * Writes as much as the other side takes: if it closes before it has all, it may have answered all the same.
     *
     * @param resource $socket
     * @return bool false if there was no more time
     */
    private function write($socket, string $text, float $deadline): bool
    {
        $length = Bytes::length($text);
        for ($at = 0; $at < $length; $at += $written) {
            $written = $this->quietly(static function () use ($socket, $text, $at) {
                return fwrite($socket, Bytes::from($text, $at, self::PIECE));
            });
            if ($written === false) {
                return true;
            }
            if ($written === 0 && !$this->await($socket, false, $deadline)) {
                return false;
            }
        }

        return true;
    }

    /**
     * @param resource $socket
     * @return string|null what has come, perhaps nothing; null if there will be no more
     */
    private function read($socket): ?string
    {
        $bytes = $this->quietly(static function () use ($socket) {
            return fread($socket, self::PIECE);
        });

        return $bytes === false || ($bytes === '' && feof($socket)) ? null : $bytes;
    }

    /**
     * Waits until there may be something to read, or room to write.
     *
     * @param resource $socket
     * @return bool false if there was no more time
     */
    private function await($socket, bool $toRead, float $deadline): bool
    {
        $left = $deadline - Clock::now();
        if ($left > 0) {
            $this->quietly(static function () use ($socket, $toRead, $left) {
                $read = $toRead ? [$socket] : null;
                $write = $toRead ? null : [$socket];
                $except = null;

                return stream_select($read, $write, $except, (int) $left, (int) (fmod($left, 1) * 1e6));
            });
        }

        return Clock::now() < $deadline;
    }

    /**
     * Calls what warns about what is no surprise. An `@` would not do: there are sites that make an exception of each
     * warning, also of those.
     *
     * @param string|null $warning what it said
     * @return mixed
     */
    private function quietly(callable $call, ?string &$warning = null)
    {
        set_error_handler(static function (int $level, string $message) use (&$warning): bool {
            $warning = $message;

            return true;
        });
        try {
            return $call();
        } finally {
            restore_error_handler();
        }
    }
}
