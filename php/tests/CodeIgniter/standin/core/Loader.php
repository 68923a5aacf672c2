<?php

/** `$this->load` of the stand-in. */
class CI_Loader
{
    public function library($name)
    {
        $class = ucfirst($name);
        require_once APPPATH . "libraries/$class.php";
        $config = $this->read("config/$name.php", 'config');
        get_instance()->$name = new $class($config);
    }

    public function model($name)
    {
        $class = ucfirst($name);
        require_once APPPATH . "models/$class.php";
        get_instance()->$name = new $class();
    }

    public function database()
    {
        get_instance()->db = new CI_DB($this->read('config/database.php', 'db')['default']);
    }

    private function read($path, $variable)
    {
        include APPPATH . $path;

        return $$variable;
    }
}
