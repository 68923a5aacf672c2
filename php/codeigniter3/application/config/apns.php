<?php

defined('BASEPATH') or exit('No direct script access allowed');

/*
 * Bellpush: which sidecar `$this->apns` calls, and how. CodeIgniter hands this to the library `Apns`.
 */

// Where `bellpush serve` listens.
$config['url'] = 'http://127.0.0.1:8195';

// Its API key, if it wants one. Not in a file that is under version control: getenv('BELLPUSH_KEY') ?: NULL
$config['key'] = NULL;

// Which of its apps pushes are for; NULL if it has only one.
$config['app'] = NULL;

// Seconds until there must be a connection, and until there must be an answer.
$config['connect_timeout'] = 2;
$config['timeout'] = 30;

// For how many seconds it is tried again while no sidecar runs: it may be just starting.
$config['retry_for'] = 3;

// A push to so many phones that the sidecar makes a job of it: for how many seconds send() and sendToClients() wait for
// its end. 0: not at all.
$config['wait'] = 20;
