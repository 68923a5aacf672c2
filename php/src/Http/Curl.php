<?php

declare(strict_types=1);

namespace Bellpush\Http;

use Bellpush\Exception\BellpushException;

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

    /** @var float seconds */
    private $silence;

    /** @var \CurlHandle|resource|null */
    private $handle;

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
        if ($this->handle === null) {
            $this->handle = curl_init();
        } else {
            curl_reset($this->handle);
        }
        $into = new Received();
        curl_setopt_array($this->handle, $this->optionsFor($request, $into) + [
            CURLOPT_TIMEOUT_MS => $this->milliseconds($this->timeout),
        ]);
        curl_exec($this->handle);
        $this->check($this->handle, curl_errno($this->handle), $request->address, $into);

        return Response::of($into->status, $into->lines, $into->body);
    }

    public function stream(Request $request, float $seconds): \Generator
    {
        $start = Clock::now();
        $end = $start + $seconds;
        $deadline = $start + $this->timeout;
        $into = new Received();
        $handle = curl_init();
        curl_setopt_array($handle, $this->optionsFor($request, $into));
        $multi = curl_multi_init();
        curl_multi_add_handle($multi, $handle);
        try {
            for ($hadHead = false;;) {
                $bytes = $into->bytes;
                curl_multi_exec($multi, $running);
                if (!$hadHead && $into->hasHead()) {
                    $hadHead = true;
                    yield Response::of($into->status, $into->lines, '');
                }
                if ($into->body !== '') {
                    yield $into->takeBody();
                }
                if ($running === 0) {
                    break;
                }
                $now = Clock::now();
                if ($now >= $end) {
                    return;
                }
                if ($into->bytes > $bytes) {
                    $deadline = $hadHead ? $now + $this->silence : $deadline;
                    continue;
                }
                if ($now >= $deadline) {
                    throw $this->late($handle, $request->address, $hadHead);
                }
                $this->await($multi, min($deadline, $end) - $now);
            }
            $done = curl_multi_info_read($multi);
            $this->check($handle, $done['result'] ?? CURLE_OK, $request->address, $into);
        } finally {
            curl_multi_remove_handle($multi, $handle);
        }
    }

    /** @return array<int, mixed> */
    private function optionsFor(Request $request, Received $into): array
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
            CURLOPT_CONNECTTIMEOUT_MS => $this->milliseconds($this->connectTimeout),
            // Without this there are no time-outs of less than a second.
            CURLOPT_NOSIGNAL => true,
            CURLOPT_HEADERFUNCTION => static function ($handle, string $line) use ($into): int {
                return $into->addLine($line);
            },
            CURLOPT_WRITEFUNCTION => static function ($handle, string $bytes) use ($into): int {
                return $into->addBody($bytes);
            },
        ];
        if ($request->body !== null) {
            $options[CURLOPT_POSTFIELDS] = $request->body;
        }

        return $options;
    }

    private function milliseconds(float $seconds): int
    {
        return (int) ceil($seconds * 1000);
    }

    /**
     * Until something may have come. curl's own time-outs are shorter than a second.
     *
     * @param \CurlMultiHandle|resource $multi
     */
    private function await($multi, float $seconds): void
    {
        if (curl_multi_select($multi, min($seconds, 1.0)) === -1) {
            // There is no socket to wait for yet.
            Clock::sleep(min($seconds, 0.01));
        }
    }

    /**
     * @param \CurlHandle|resource $handle
     */
    private function check($handle, int $error, string $address, Received $into): void
    {
        if ($error === CURLE_WRITE_ERROR) {
            throw $into->headBytes > self::MAX_HEAD ? Failure::longHead($address) : Failure::tooLong($address);
        }
        if ($error !== CURLE_OK) {
            throw $this->failure($handle, $error, $address);
        }
        if (!$into->hasHead()) {
            throw Failure::lost($address, 'the headers are not complete');
        }
    }

    /**
     * @param \CurlHandle|resource $handle
     */
    private function failure($handle, int $error, string $address): BellpushException
    {
        $why = curl_error($handle) ?: curl_strerror($error);
        $errno = (int) curl_getinfo($handle, CURLINFO_OS_ERRNO);
        if ($error === CURLE_COULDNT_CONNECT && in_array($errno, Sockets::REFUSED, true)) {
            return Failure::refused($address);
        }
        if ($this->wasAsked($handle)) {
            if ($error === CURLE_OPERATION_TIMEDOUT) {
                return Failure::silent($address, $this->timeout);
            }
            return in_array($error, self::LOST, true) ? Failure::lost($address, $why) : Failure::noHttp($address);
        }
        if ($error === CURLE_OPERATION_TIMEDOUT) {
            return Failure::noConnection($address, min($this->connectTimeout, $this->timeout));
        }
        return Failure::unreachable($address, $why);
    }

    /**
     * @param \CurlHandle|resource $handle
     */
    private function late($handle, string $address, bool $hadHead): BellpushException
    {
        if ($hadHead) {
            return Failure::wentSilent($address, $this->silence);
        }

        return $this->failure($handle, CURLE_OPERATION_TIMEDOUT, $address);
    }

    /** @param \CurlHandle|resource $handle */
    private function wasAsked($handle): bool
    {
        return curl_getinfo($handle, CURLINFO_REQUEST_SIZE) > 0;
    }
}
