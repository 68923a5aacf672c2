<?php

/**
 * Finds the classes of this package where there is no Composer that would.
 */

spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'Bellpush\\', 9) !== 0) {
        return;
    }
    $file = __DIR__ . '/src/' . str_replace('\\', '/', substr($class, 9)) . '.php';
    if (is_file($file)) {
        require $file;
    }
});
