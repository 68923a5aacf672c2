<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * One request to the sidecar, ready to be sent.
 */
final class Request
{
    /** @var string */
    public $method;

    /** @var string scheme, host and port of the sidecar: no path, nothing secret */
    public $address;

    /** @var string path and query */
    public $path;

    /** @var array<string, string> by name; one of them may hold the API key */
    public $headers;

    /** @var string|null */
    public $body;

    /**
     * @param array<string, string> $headers
     */
    public function __construct(string $method, string $address, string $path, array $headers, ?string $body)
    {
        $this->method = $method;
        $this->address = $address;
        $this->path = $path;
        $this->headers = $headers;
        $this->body = $body;
    }

    /** @return array<string, string> for debuggers: not the key */
    public function __debugInfo(): array
    {
        return ['method' => $this->method, 'address' => $this->address, 'path' => $this->path];
    }

    /** @return string[] the headers as lines */
    public function headerLines(): array
    {
        $lines = [];
        foreach ($this->headers as $name => $value) {
            $lines[] = "$name: $value";
        }

        return $lines;
    }
}
