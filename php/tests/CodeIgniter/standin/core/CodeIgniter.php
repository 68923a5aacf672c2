<?php

/**
 * A stand-in for CodeIgniter 3, where it is not installed: as much of it as the site of these tests uses, with the same
 * names and the same behaviour. index.php ends by including it, as it ends by including CodeIgniter's own file of this
 * name. Not here: everything else.
 */

require_once __DIR__ . '/Loader.php';
require_once __DIR__ . '/Database.php';

class CI_Controller
{
    /** @var CI_Controller */
    private static $instance;

    /** @var CI_Loader */
    public $load;

    /** @var CI_DB|null */
    public $db;

    /** @var Apns|null */
    public $apns;

    /** @var Apns_model|null */
    public $apns_model;

    public function __construct()
    {
        self::$instance = $this;
        $this->load = new CI_Loader();
    }

    public static function &get_instance()
    {
        return self::$instance;
    }
}

class CI_Model
{
    public function __get($name)
    {
        return get_instance()->$name;
    }
}

function &get_instance()
{
    return CI_Controller::get_instance();
}

function is_cli()
{
    return PHP_SAPI === 'cli';
}

function log_message($level, $message)
{
    $line = strtoupper($level) . ' - ' . date('Y-m-d H:i:s') . " --> $message\n";
    file_put_contents(APPPATH . 'logs/log-' . date('Y-m-d') . '.php', $line, FILE_APPEND);
}

$path = explode('index.php/', $_SERVER['REQUEST_URI'] ?? '', 2)[1] ?? '';
$segments = is_cli() ? array_slice($_SERVER['argv'], 1) : explode('/', $path);
$class = ucfirst($segments[0]);
require_once APPPATH . "controllers/$class.php";
call_user_func_array([new $class(), $segments[1]], array_slice($segments, 2));
