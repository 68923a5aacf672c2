<?php

declare(strict_types=1);

namespace Bellpush\Tests\Sidecar;

use Bellpush\Client;
use Bellpush\Exception\BellpushException;
use Bellpush\Http\Failure;
use Bellpush\Job;
use Bellpush\Report;
use Bellpush\Result;
use Bellpush\Tests\FakeTransport;
use PHPUnit\Framework\TestCase;

/** That the client has the whole API: what it asks and reads, against the OpenAPI document of the real sidecar. */
final class ApiTest extends TestCase
{
    /** What the client leaves out, and why. */
    private const LEFT_OUT = [
        'healthz' => 'for supervisors: that it answers says no more than any other answer; health() asks readyz',
        'metrics' => 'for Prometheus',
        'overview' => 'for the page of the person on call',
        'watchOverview' => 'for the page of the person on call',
    ];

    /** @return array<string, callable(Client): mixed> by operation */
    private static function calls(): array
    {
        $read = static function (\Generator $generator): void {
            $generator->current();
        };

        return [
            'push' => static function (Client $client) {
                $client->push(['aps' => []], 'aa');
            },
            'listJobs' => static function (Client $client) use ($read) {
                $read($client->jobs('running'));
            },
            'getJob' => static function (Client $client) {
                $client->job('f00');
            },
            'listResults' => static function (Client $client) use ($read) {
                $read($client->results('f00', 'rejected'));
            },
            'stopJob' => static function (Client $client) {
                $client->stopJob('f00');
            },
            'watchJob' => static function (Client $client) use ($read) {
                $read($client->watch('f00', 60));
            },
            'registerToken' => static function (Client $client) {
                $client->registerToken(7, 'aa');
            },
            'unregisterToken' => static function (Client $client) {
                $client->removeClientToken(7, 'aa');
            },
            'listTokens' => static function (Client $client) {
                $client->tokens(7);
            },
            'removeClient' => static function (Client $client) {
                $client->removeClient(7);
            },
            'removeToken' => static function (Client $client) {
                $client->removeToken('aa');
            },
            'encode' => static function (Client $client) {
                $client->encode('aa', ['aps' => []], ['identifier' => 7]);
            },
            'decode' => static function (Client $client) {
                $client->decode("\x08", 'error-responses');
            },
            'readyz' => static function (Client $client) {
                $client->health();
            },
        ];
    }

    /** @return array<string, mixed> */
    private static function document(): array
    {
        $options = ['http' => ['header' => 'Authorization: Bearer ' . getenv('BELLPUSH_TEST_KEY')]];
        $url = getenv('BELLPUSH_TEST_URL') . '/openapi.json';

        return json_decode(file_get_contents($url, false, stream_context_create($options)), true);
    }

    /** @return array<string, array{string, string, array<string, mixed>}> method, path and the rest, by operation */
    private static function operations(): array
    {
        $operations = [];
        foreach (self::document()['paths'] as $path => $methods) {
            foreach ($methods as $method => $operation) {
                $operations[$operation['operationId']] = [strtoupper($method), $path, $operation];
            }
        }

        return $operations;
    }

    public function testEveryOperationHasAMethodOrIsLeftOutOnPurpose(): void
    {
        $known = array_merge(array_keys(self::calls()), array_keys(self::LEFT_OUT));
        $this->assertEqualsCanonicalizing(array_keys(self::operations()), $known);
    }

    public function testEachMethodAsksWhatTheDocumentSays(): void
    {
        $operations = self::operations();
        foreach (self::calls() as $name => $call) {
            $sidecar = new FakeTransport([Failure::silent('http://127.0.0.1:8195', 30)]);
            try {
                $call(new Client('http://127.0.0.1:8195', [], $sidecar));
            } catch (BellpushException $error) {
                // There is no answer here.
            }
            $asked = $sidecar->asked[0];
            [$method, $path, $operation] = $operations[$name];
            $this->assertSame($method, $asked->method, $name);
            $form = '~^' . preg_replace('/\\\\\{\w+\\\\\}/', '[^/]+', preg_quote($path, '~')) . '$~D';
            $this->assertMatchesRegularExpression($form, explode('?', $asked->path)[0], $name);
            parse_str(explode('?', "$asked->path?")[1], $query);
            $this->assertSame([], array_diff(array_keys($query), $this->queryOf($operation)), $name);
            $properties = $operation['requestBody']['content']['application/json']['schema']['properties'] ?? [];
            $this->assertSame([], array_diff_key(json_decode($asked->body ?? '{}', true), $properties), $name);
        }
    }

    public function testWhatTheDocumentSaysOfAJobAReportAndAResultCanBeRead(): void
    {
        $schemas = self::document()['components']['schemas'];
        foreach (['Job' => Job::class, 'Report' => Report::class, 'Result' => Result::class] as $name => $class) {
            $properties = array_keys($schemas[$name]['properties']);
            $this->assertEqualsCanonicalizing($properties, array_keys(get_class_vars($class)), $name);
        }
    }

    /**
     * @param array<string, mixed> $operation
     * @return string[]
     */
    private function queryOf(array $operation): array
    {
        $names = [];
        foreach ($operation['parameters'] ?? [] as $parameter) {
            if ($parameter['in'] === 'query') {
                $names[] = $parameter['name'];
            }
        }

        return $names;
    }
}
