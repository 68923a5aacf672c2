<?php

/** `$this->db` of the stand-in, by mysqli. A list that is bound becomes `(?, ?, …)`, as in CodeIgniter. */
class CI_DB
{
    /** @var mysqli */
    private $mysqli;

    public function __construct(array $config)
    {
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $this->mysqli = new mysqli(
            $config['hostname'],
            $config['username'],
            $config['password'],
            $config['database'],
            $config['port']
        );
    }

    public function query($sql, array $binds = [])
    {
        $values = [];
        $marked = '';
        foreach (explode('?', $sql) as $i => $part) {
            if ($i > 0) {
                $bound = $binds[$i - 1];
                $values = array_merge($values, (array) $bound);
                $marked .= is_array($bound) ? '(' . implode(', ', array_fill(0, count($bound), '?')) . ')' : '?';
            }
            $marked .= $part;
        }
        try {
            $statement = $this->mysqli->prepare($marked);
            $statement->bind_param(str_repeat('s', count($values)), ...$values);
            $statement->execute();
        } catch (mysqli_sql_exception $error) {
            return false;
        }
        $result = $statement->get_result();

        return $result === false ? true : new CI_DB_result($result);
    }
}

class CI_DB_result
{
    /** @var mysqli_result */
    private $result;

    public function __construct(mysqli_result $result)
    {
        $this->result = $result;
    }

    public function num_rows()
    {
        return $this->result->num_rows;
    }

    public function result()
    {
        $rows = [];
        while ($row = $this->result->fetch_object()) {
            $rows[] = $row;
        }

        return $rows;
    }
}
