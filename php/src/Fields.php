<?php

declare(strict_types=1);

namespace Bellpush;

use Bellpush\Exception\AnswerException;

/**
 * The properties of a JSON object that the sidecar sent, each checked for its type. What is not asked for is not looked
 * at, so that a newer sidecar may say more.
 *
 * @internal
 */
final class Fields
{
    /** @var array<mixed> */
    private $values;

    /** @var string what the object is, for messages */
    private $what;

    /**
     * @param mixed $values
     * @throws AnswerException unless it is an object
     */
    public function __construct($values, string $what)
    {
        if (!is_array($values)) {
            throw new AnswerException("The sidecar's answer has no object as its $what. Is it of another version?");
        }
        $this->values = $values;
        $this->what = $what;
    }

    public function int(string $name): int
    {
        return $this->nullableInt($name) ?? $this->fail($name);
    }

    public function string(string $name): string
    {
        return $this->nullableString($name) ?? $this->fail($name);
    }

    public function nullableInt(string $name): ?int
    {
        $value = $this->values[$name] ?? null;

        return $value === null || is_int($value) ? $value : $this->fail($name);
    }

    public function nullableString(string $name): ?string
    {
        $value = $this->values[$name] ?? null;

        return $value === null || is_string($value) ? $value : $this->fail($name);
    }

    public function time(string $name): \DateTimeImmutable
    {
        return $this->nullableTime($name) ?? $this->fail($name);
    }

    public function nullableTime(string $name): ?\DateTimeImmutable
    {
        $text = $this->nullableString($name);
        if ($text === null) {
            return null;
        }
        try {
            return new \DateTimeImmutable($text);
        } catch (\Exception $error) {
            return $this->fail($name);
        }
    }

    /** @return mixed[] */
    public function list(string $name): array
    {
        $value = $this->values[$name] ?? null;

        return is_array($value) ? array_values($value) : $this->fail($name);
    }

    /** @return string[] */
    public function strings(string $name): array
    {
        $list = $this->list($name);

        return $list === array_filter($list, 'is_string') ? $list : $this->fail($name);
    }

    public function object(string $name): self
    {
        return new self($this->values[$name] ?? null, $name);
    }

    /** @return array{code: string, detail: string}|null */
    public function stop(): ?array
    {
        if (!isset($this->values['stopped'])) {
            return null;
        }
        $stop = $this->object('stopped');

        return ['code' => $stop->string('code'), 'detail' => $stop->string('detail')];
    }

    /** @return array<string, int> by name, whatever the names are */
    public function ints(string $name): array
    {
        $values = $this->values[$name] ?? null;

        return is_array($values) && $values === array_filter($values, 'is_int') ? $values : $this->fail($name);
    }

    /** @return array<string, int> by outcome */
    public function counts(): array
    {
        $counts = $this->object('counts');
        $found = [];
        foreach (['accepted', 'rejected', 'exhausted', 'expired', 'inDoubt', 'notSent'] as $outcome) {
            $found[$outcome] = $counts->int($outcome);
        }

        return $found;
    }

    /** @return never */
    private function fail(string $name)
    {
        throw new AnswerException("The sidecar's answer has a $this->what without a usable $name. Is it of another " .
            'version?');
    }
}
