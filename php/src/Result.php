<?php

declare(strict_types=1);

namespace Bellpush;

/**
 * What became of one token. Made by the client, to be read.
 */
final class Result
{
    /** @var string in hexadecimal */
    public $token;

    /** @var string|null the client whose token it is, where the audience named clients */
    public $clientId;

    /** @var string accepted, rejected, exhausted, expired, inDoubt or notSent */
    public $outcome;

    /** @var string|null why, in one word, such as InvalidToken */
    public $reason;

    /** @var int|null Apple's number for it */
    public $status;

    /**
     * @internal
     * @param mixed $json
     */
    public static function of($json): self
    {
        $fields = new Fields($json, 'result');
        $result = new self();
        $result->token = $fields->string('token');
        $result->clientId = $fields->nullableString('clientId');
        $result->outcome = $fields->string('outcome');
        $result->reason = $fields->nullableString('reason');
        $result->status = $fields->nullableInt('status');

        return $result;
    }
}
