<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * The sidecar said no, and why: a problem (RFC 9457). getCode() is its HTTP status. The subclasses are families of
 * statuses; a status that belongs to none is a plain ProblemException.
 */
class ProblemException extends BellpushException
{
    /** @var array<int, class-string<ProblemException>> */
    private const FAMILIES = [
        400 => RequestException::class,
        401 => KeyException::class,
        403 => KeyException::class,
        404 => NotFoundException::class,
        409 => ConflictException::class,
        413 => RequestException::class,
        415 => RequestException::class,
        421 => RequestException::class,
        422 => RequestException::class,
        429 => RateLimitException::class,
        500 => UnavailableException::class,
        502 => UnavailableException::class,
        503 => UnavailableException::class,
        504 => UnavailableException::class,
    ];

    /** @var string */
    private $detail;

    /** @var int|null */
    private $retryAfter;

    final public function __construct(string $errorCode, string $detail, int $status, ?int $retryAfter)
    {
        parent::__construct($errorCode, "$detail ($errorCode, status $status)", $status);
        $this->detail = $detail;
        $this->retryAfter = $retryAfter;
    }

    /** @internal */
    public static function of(string $errorCode, string $detail, int $status, ?int $retryAfter): self
    {
        $family = self::FAMILIES[$status] ?? self::class;

        return new $family($errorCode, $detail, $status, $retryAfter);
    }

    /** The sidecar's words: what was found, where, and what to do about it. */
    public function getDetail(): string
    {
        return $this->detail;
    }

    /** In how many seconds to come back, where the sidecar said so. */
    public function getRetryAfter(): ?int
    {
        return $this->retryAfter;
    }
}
