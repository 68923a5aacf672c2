<?php

require __DIR__ . '/../autoload.php';

foreach (['ScriptedServer', 'FakeTransport', 'Answers'] as $helper) {
    if (is_file(__DIR__ . "/$helper.php")) {
        require __DIR__ . "/$helper.php";
    }
}
