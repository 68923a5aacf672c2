<?php

declare(strict_types=1);

namespace Bellpush\Http;

use Bellpush\Exception\AnswerException;
use Bellpush\Exception\ConnectionException;
use Bellpush\Exception\TimeoutException;

/**
 * The words for what can go wrong on the way, the same for every transport.
 *
 * @internal
 */
final class Failure
{
    public static function refused(string $address): ConnectionException
    {
        return new ConnectionException("Nothing listens at $address (connection refused). Start the sidecar there " .
            '(bellpush serve), or give this client the address that it listens on.', true);
    }

    public static function noConnection(string $address, float $seconds): ConnectionException
    {
        return new ConnectionException("There is no connection to $address after $seconds s. Is that the sidecar's " .
            'address, and does no firewall stand in between?', false);
    }

    public static function unreachable(string $address, string $why): ConnectionException
    {
        return new ConnectionException("$address cannot be reached: $why. Is that the sidecar's address?", false);
    }

    public static function silent(string $address, float $seconds): TimeoutException
    {
        return new TimeoutException("$address has not answered within $seconds s, and what became of the request is " .
            'not known. Give this client a longer timeout, or repeat a push with its idempotency key.');
    }

    public static function lost(string $address, string $why): AnswerException
    {
        return new AnswerException("The connection to $address ended before the whole answer was there ($why), and " .
            'what became of the request is not known. A push can be repeated with its idempotency key.', 0, true);
    }

    public static function wentSilent(string $address, float $seconds): AnswerException
    {
        return self::lost($address, "nothing came for $seconds s");
    }

    public static function tooLong(string $address): AnswerException
    {
        $limit = Transport::MAX_BODY;

        return new AnswerException("The answer of $address is longer than $limit bytes.");
    }

    public static function longHead(string $address): AnswerException
    {
        $limit = Transport::MAX_HEAD;

        return new AnswerException("The headers of the answer of $address are longer than $limit bytes.");
    }

    public static function longEvent(string $address): AnswerException
    {
        $limit = EventReader::MAX_EVENT;

        return new AnswerException("An event that $address sends is longer than $limit bytes.");
    }

    public static function noHttp(string $address): AnswerException
    {
        return new AnswerException("What answers at $address does not speak HTTP: is that the sidecar's port?");
    }
}
