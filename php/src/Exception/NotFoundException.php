<?php

declare(strict_types=1);

namespace Bellpush\Exception;

/**
 * There is no such app, job or page. 404.
 */
final class NotFoundException extends ProblemException
{
}
