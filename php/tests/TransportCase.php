<?php

declare(strict_types=1);

namespace Bellpush\Tests;

use Bellpush\Exception\BellpushException;
use Bellpush\Http\Curl;
use Bellpush\Http\Sockets;
use Bellpush\Http\Transport;
use PHPUnit\Framework\TestCase;

/** Tests that each transport has to pass: what they have in common. */
abstract class TransportCase extends TestCase
{
    /** Long enough for a machine that is busy, seconds. */
    protected const TIMEOUT = 20.0;

    /** Short, where nothing will come, seconds. */
    protected const SHORT = 0.3;

    /** @return array<string, array{class-string<Transport>}> */
    public function transports(): array
    {
        return ['curl' => [Curl::class], 'sockets' => [Sockets::class]];
    }

    /** The URL of a port on which nobody listens any more. */
    protected static function deadUrl(): string
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $url = 'http://' . stream_socket_get_name($socket, false);
        fclose($socket);

        return $url;
    }

    /** @param callable(): void $ask */
    protected function failureIn(callable $ask): BellpushException
    {
        try {
            $ask();
        } catch (BellpushException $error) {
            return $error;
        }
        $this->fail('nothing was thrown');
    }
}
