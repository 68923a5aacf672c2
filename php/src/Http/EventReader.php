<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * Server-sent events out of the pieces in which they come. Only their data: their names and ids are not needed.
 *
 * @internal
 */
final class EventReader
{
    /** What of one event is kept, bytes. */
    public const MAX_EVENT = 65536;

    /** @var string where the events come from, for messages */
    private $address;

    /** @var string the line that has begun */
    private $line = '';

    /** @var string[] the data of the event that has begun */
    private $data = [];

    /** @var int bytes of it */
    private $length = 0;

    public function __construct(string $address)
    {
        $this->address = $address;
    }

    /**
     * @return \Generator<int, string> the data of each event that is complete now
     */
    public function read(string $bytes): \Generator
    {
        $lines = explode("\n", $this->line . $bytes);
        $this->line = array_pop($lines);
        foreach ($lines as $line) {
            $line = rtrim($line, "\r");
            if ($line !== '') {
                $this->add($line);
            } elseif ($this->data !== []) {
                $data = implode("\n", $this->data);
                $this->data = [];
                $this->length = 0;
                yield $data;
            }
        }
        $this->limit(Bytes::length($this->line));
    }

    private function add(string $line): void
    {
        if (preg_match('/^data: ?(.*)$/Ds', $line, $match)) {
            $this->data[] = $match[1];
            $this->length += Bytes::length($line);
        }
        $this->limit(0);
    }

    private function limit(int $more): void
    {
        if ($this->length + $more > self::MAX_EVENT) {
            throw Failure::longEvent($this->address);
        }
    }
}
