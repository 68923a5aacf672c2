<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * An argument or an option that cannot be used. Nothing was sent. BELLPUSH_OPTION_INVALID.
 */
final class UsageException extends BellpushException
{
    public function __construct(string $message)
    {
        parent::__construct('BELLPUSH_OPTION_INVALID', $message);
    }
}
