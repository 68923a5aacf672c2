<?php

declare(strict_types=1);

namespace Bellpush\Http;

/**
 * Text as bytes. Up to PHP 7.4 `mbstring.func_overload` makes strlen(), substr() and strpos() count characters, and
 * there are old sites that have it on.
 *
 * @internal
 */
final class Bytes
{
    public static function length(string $text): int
    {
        return self::areOverloaded() ? mb_strlen($text, '8bit') : strlen($text);
    }

    public static function from(string $text, int $start, ?int $length = null): string
    {
        if (self::areOverloaded()) {
            return mb_substr($text, $start, $length, '8bit');
        }

        return (string) ($length === null ? substr($text, $start) : substr($text, $start, $length));
    }

    public static function position(string $text, string $sought): ?int
    {
        $at = self::areOverloaded() ? mb_strpos($text, $sought, 0, '8bit') : strpos($text, $sought);

        return $at === false ? null : $at;
    }

    private static function areOverloaded(): bool
    {
        return ((int) ini_get('mbstring.func_overload') & 2) !== 0;
    }
}
