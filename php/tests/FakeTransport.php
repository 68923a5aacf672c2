<?php

declare(strict_types=1);

namespace Bellpush\Tests;

use Bellpush\Http\Request;
use Bellpush\Http\Response;
use Bellpush\Http\Transport;

/**
 * Answers in order, without a network, and remembers what was asked.
 */
final class FakeTransport implements Transport
{
    /** @var Request[] */
    public $asked = [];

    /** @var array<int, Response|\Throwable|array<int, Response|string|\Throwable>> */
    private $answers;

    /**
     * @param array<int, Response|\Throwable|array<int, Response|string|\Throwable>> $answers of a stream: its pieces
     */
    public function __construct(array $answers)
    {
        $this->answers = $answers;
    }

    public function send(Request $request): Response
    {
        $this->asked[] = $request;
        $answer = array_shift($this->answers);
        if ($answer instanceof \Throwable) {
            throw $answer;
        }

        return $answer;
    }

    public function stream(Request $request, float $seconds): \Generator
    {
        $this->asked[] = $request;
        $answer = array_shift($this->answers);
        foreach (is_array($answer) ? $answer : [$answer] as $piece) {
            if ($piece instanceof \Throwable) {
                throw $piece;
            }
            yield $piece;
        }
    }

    /**
     * @param mixed $body
     * @param array<string, string> $headers
     */
    public static function json(int $status, $body, array $headers = []): Response
    {
        $type = $status >= 400 ? 'application/problem+json' : 'application/json; charset=utf-8';

        return new Response($status, $headers + ['content-type' => $type], json_encode($body));
    }

    /**
     * @param array<string, string> $headers
     */
    public static function problem(int $status, string $code, string $detail, array $headers = []): Response
    {
        $problem = ['type' => 'about:blank', 'title' => 'X', 'status' => $status, 'code' => $code, 'detail' => $detail];

        return self::json($status, $problem, $headers);
    }
}
