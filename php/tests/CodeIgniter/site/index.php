<?php

/**
 * The front controller of the old site, as far as it matters: `/index.php/doorbell/ring/7`, or on the command line
 * `php index.php doorbell ring 7`. SYSTEM_PATH names the folder `system` of a CodeIgniter 3, or the stand-in.
 */

define('ENVIRONMENT', 'testing');
define('SELF', 'index.php');
define('FCPATH', __DIR__ . '/');
define('APPPATH', __DIR__ . '/application/');
define('VIEWPATH', APPPATH . 'views/');
define('BASEPATH', rtrim(getenv('SYSTEM_PATH'), '/') . '/');
define('SYSDIR', basename(BASEPATH));

require_once BASEPATH . 'core/CodeIgniter.php';
