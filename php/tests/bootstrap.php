<?php

require __DIR__ . '/../autoload.php';
require __DIR__ . '/Answers.php';
require __DIR__ . '/FakeTransport.php';
require __DIR__ . '/ScriptedServer.php';
require __DIR__ . '/Site.php';
