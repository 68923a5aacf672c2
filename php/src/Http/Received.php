<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * What curl has handed over of an answer, within limits. What is too much is refused in curl's way: with another
 * number than that of the bytes.
 *
 * @internal
 */
final class Received
{
    private const REFUSED = -1;

    /** @var int of the answer; 0 until it is known */
    public $status = 0;

    /** @var string[] of the headers, the empty one that ends them included */
    public $lines = [];

    /** @var int bytes of all headers, also of answers that only announce the real one */
    public $headBytes = 0;

    /** @var string what was not taken yet */
    public $body = '';

    /** @var int bytes of everything */
    public $bytes = 0;

    public function addLine(string $line): int
    {
        $length = Bytes::length($line);
        $this->bytes += $length;
        $this->headBytes += $length;
        // The first line of an answer, also of one that only announces the real one.
        if (preg_match('~^HTTP/\S+ (\d{3})~', $line, $match)) {
            $this->status = (int) $match[1];
            $this->lines = [];
        } else {
            $this->lines[] = $line;
        }

        return $this->headBytes > Transport::MAX_HEAD ? self::REFUSED : $length;
    }

    public function addBody(string $bytes): int
    {
        $length = Bytes::length($bytes);
        $this->bytes += $length;
        $this->body .= $bytes;

        return Bytes::length($this->body) > Transport::MAX_BODY ? self::REFUSED : $length;
    }

    public function takeBody(): string
    {
        $body = $this->body;
        $this->body = '';

        return $body;
    }

    public function hasHead(): bool
    {
        return $this->status >= 200 && in_array("\r\n", $this->lines, true);
    }
}
