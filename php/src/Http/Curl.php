<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * By PHP's curl extension: the connection stays open for the next request.
 */
final class Curl implements Transport
{
    private const LOST = [CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR];

    /** @var float seconds */
    private $connectTimeout;

    /** @var float seconds */
    private $timeout;

    /** @var \CurlHandle|resource|null */
    private $handle;

    public function __construct(float $connectTimeout, float $timeout)
    {
        $this->connectTimeout = $connectTimeout;
        $this->timeout = $timeout;
    }

    public function send(Request $request): Response
    {
        if ($this->handle === null) {
            $this->handle = curl_init();
        } else {
            curl_reset($this->handle);
        }
        $lines = [];
        $body = '';
        curl_setopt_array($this->handle, $this->optionsFor($request) + [
            CURLOPT_HEADERFUNCTION => static function ($handle, string $line) use (&$lines): int {
                // The first line of an answer, also of one that only announces the real one.
                $lines = strncmp($line, 'HTTP/', 5) === 0 ? [] : array_merge($lines, [$line]);

                return strlen($line);
            },
            CURLOPT_WRITEFUNCTION => static function ($handle, string $chunk) use (&$body): int {
                $body .= $chunk;

                return strlen($body) > self::MAX_BODY ? -1 : strlen($chunk);
            },
        ]);
        curl_exec($this->handle);
        $this->checkFor($request->address);
        if (!in_array("\r\n", $lines, true)) {
            throw Failure::lost($request->address, 'the headers are not complete');
        }

        return Response::of((int) curl_getinfo($this->handle, CURLINFO_RESPONSE_CODE), $lines, $body);
    }

    /** @return array<int, mixed> */
    private function optionsFor(Request $request): array
    {
        $options = [
            CURLOPT_URL => $request->address . $request->path,
            CURLOPT_CUSTOMREQUEST => $request->method,
            // A client may be called `..`.
            CURLOPT_PATH_AS_IS => true,
            // Without an empty Expect, curl waits for leave before it sends a long body.
            CURLOPT_HTTPHEADER => array_merge($request->headerLines(), ['Expect:']),
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            // Else curl would take the one of the environment, which cannot know this host's loopback.
            CURLOPT_PROXY => '',
            CURLOPT_CONNECTTIMEOUT_MS => (int) ceil($this->connectTimeout * 1000),
            CURLOPT_TIMEOUT_MS => (int) ceil($this->timeout * 1000),
            // Without this there are no time-outs of less than a second.
            CURLOPT_NOSIGNAL => true,
        ];
        if ($request->body !== null) {
            $options[CURLOPT_POSTFIELDS] = $request->body;
        }

        return $options;
    }

    private function checkFor(string $address): void
    {
        $error = curl_errno($this->handle);
        if ($error === CURLE_OK) {
            return;
        }
        if ($error === CURLE_WRITE_ERROR) {
            throw Failure::tooLong($address);
        }
        $why = curl_error($this->handle);
        $errno = (int) curl_getinfo($this->handle, CURLINFO_OS_ERRNO);
        if ($error === CURLE_COULDNT_CONNECT && in_array($errno, Sockets::REFUSED, true)) {
            throw Failure::refused($address);
        }
        if (curl_getinfo($this->handle, CURLINFO_REQUEST_SIZE) > 0) {
            if ($error === CURLE_OPERATION_TIMEDOUT) {
                throw Failure::silent($address, $this->timeout);
            }
            throw in_array($error, self::LOST, true) ? Failure::lost($address, $why) : Failure::noHttp($address);
        }
        if ($error === CURLE_OPERATION_TIMEDOUT) {
            throw Failure::noConnection($address, min($this->connectTimeout, $this->timeout));
        }
        throw Failure::unreachable($address, $why);
    }
}
