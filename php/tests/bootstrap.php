<?php

require __DIR__ . '/../autoload.php';
require __DIR__ . '/Answers.php';
require __DIR__ . '/FakeTransport.php';
require __DIR__ . '/ScriptedServer.php';
require __DIR__ . '/Site.php';
require __DIR__ . '/TransportCase.php';

// As the strictest sites have it: whatever PHP says about a file of ours is an exception, also what is silenced.
set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    if (strncmp($file, dirname(__DIR__), strlen(dirname(__DIR__))) !== 0) {
        return false;
    }
    throw new ErrorException($message, 0, $level, $file, $line);
});
