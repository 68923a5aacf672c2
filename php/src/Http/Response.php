<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * One whole answer.
 */
final class Response
{
    /** @var int */
    public $status;

    /** @var array<string, string> by name in lower case */
    public $headers;

    /** @var string */
    public $body;

    /**
     * @param array<string, string> $headers by name in lower case
     */
    public function __construct(int $status, array $headers, string $body)
    {
        $this->status = $status;
        $this->headers = $headers;
        $this->body = $body;
    }

    /**
     * @param string[] $lines "Name: text"
     */
    public static function of(int $status, array $lines, string $body): self
    {
        $headers = [];
        foreach ($lines as $line) {
            [$name, $value] = explode(':', $line, 2) + ['', ''];
            $headers[strtolower($name)] = trim($value);
        }

        return new self($status, $headers, $body);
    }

    /** A header's text; empty where it is missing. */
    public function header(string $name): string
    {
        return $this->headers[$name] ?? '';
    }
}
