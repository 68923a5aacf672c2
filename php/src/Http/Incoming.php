<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * An HTTP/1 answer while its bytes come: where its headers end, and where its body does. Not here: the connection.
 *
 * @internal
 */
final class Incoming
{
    /** @var string scheme, host and port it comes from, for messages */
    private $address;

    /** @var string what came, until the headers are complete */
    private $start = '';

    /** @var Response|null status and headers, as soon as they are complete */
    private $head;

    /** @var string what came of the body and was not taken yet */
    private $body = '';

    /** @var int bytes of the body that came */
    private $received = 0;

    public function __construct(string $address)
    {
        $this->address = $address;
    }

    public function add(string $bytes): void
    {
        if ($this->head === null) {
            $this->start .= $bytes;
            $bytes = $this->splitHead();
        }
        $this->body .= $bytes;
        $this->received += Bytes::length($bytes);
    }

    /** Status and headers; null until they are complete. */
    public function head(): ?Response
    {
        return $this->head;
    }

    /** Whether there is nothing more to come. */
    public function isWhole(): bool
    {
        if ($this->head === null) {
            return false;
        }
        $length = $this->length();

        return $length !== null && $this->received >= $length;
    }

    /** What came of the body since this was asked for last. */
    public function takeBody(): string
    {
        $body = $this->body;
        $this->body = '';

        return $body;
    }

    /** How long the body that was not taken yet is, bytes. */
    public function waiting(): int
    {
        return Bytes::length($this->body);
    }

    /** Complains if the connection may not end here. */
    public function checkEnd(): void
    {
        if ($this->head === null) {
            if ($this->start !== '' && strncmp($this->start, 'HTTP/', 5) !== 0) {
                throw Failure::noHttp($this->address);
            }
            throw Failure::lost($this->address, 'the headers are not complete');
        }
        $length = $this->length();
        if ($length !== null && $this->received < $length) {
            throw Failure::lost($this->address, "$this->received bytes of $length");
        }
    }

    /** @return string what belongs to the body already */
    private function splitHead(): string
    {
        $end = Bytes::position($this->start, "\r\n\r\n");
        if (($end ?? Bytes::length($this->start)) > Transport::MAX_HEAD) {
            throw Failure::longHead($this->address);
        }
        if ($end === null) {
            return '';
        }
        $head = Bytes::from($this->start, 0, $end);
        if (!preg_match('~^HTTP/1\.[01] (\d{3})~', $head, $match)) {
            throw Failure::noHttp($this->address);
        }
        $rest = Bytes::from($this->start, $end + 4);
        $this->start = '';
        $this->head = Response::of((int) $match[1], array_slice(explode("\r\n", $head), 1), '');

        return $rest;
    }

    /** @return int|null bytes of the body; null: as many as come before the connection ends */
    private function length(): ?int
    {
        if (in_array($this->head->status, [204, 304], true)) {
            return 0;
        }

        return preg_match('/^\d{1,18}$/D', $this->head->header('content-length'), $match) ? (int) $match[0] : null;
    }
}
