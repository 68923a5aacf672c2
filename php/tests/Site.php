<?php

/**
 * As much of a CodeIgniter site as the library `Apns` sees, with a client of the test's own.
 */

declare(strict_types=1);

namespace {
    define('BASEPATH', __DIR__);

    function log_message(string $level, string $message): void
    {
        \Bellpush\Tests\Site::$log[] = [$level, $message];
    }

    require_once dirname(__DIR__) . '/codeigniter3/application/libraries/Apns.php';
}

namespace Bellpush\Tests {
    use Bellpush\Client;

    final class Site extends \Apns
    {
        /** @var array<int, array{string, string}> what was logged */
        public static $log = [];

        /** @var Client */
        private $sidecar;

        /** @param array<string, mixed> $config */
        public function __construct(Client $sidecar, array $config)
        {
            parent::__construct($config);
            self::$log = [];
            $this->sidecar = $sidecar;
        }

        public function client()
        {
            return $this->sidecar;
        }
    }
}
