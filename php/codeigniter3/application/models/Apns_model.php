<?php

defined('BASEPATH') or exit('No direct script access allowed');

/**
 * The phones of clients, in the table `tb_apns`. Every value is bound, none is put into SQL.
 *
 * The sidecar removes dead tokens from the same table, so nothing here has to. Clients are bound as text: to MySQL the
 * number 0 equals every text that begins with no digit.
 */
class Apns_model extends CI_Model
{
    /**
     * Registers a phone. A token that is there already moves to this client.
     *
     * @param string|int|array<string, string|int> $client_id or a row: `array('client_id' => …, 'deviceToken' => …)`
     * @param string|null $deviceToken
     * @return bool whether the database did it
     */
    public function create($client_id, $deviceToken = NULL)
    {
        if (is_array($client_id)) {
            return $this->create($client_id['client_id'], $client_id['deviceToken']);
        }
        $spellings = $this->spellings($deviceToken);
        $known = $this->db->query('SELECT 1 FROM tb_apns WHERE deviceToken IN ? LIMIT 1', array($spellings));
        if ($known === FALSE) {
            return FALSE;
        }
        if ($known->num_rows() > 0) {
            $set = array((string) $client_id, $spellings);

            return $this->db->query('UPDATE tb_apns SET client_id = ? WHERE deviceToken IN ?', $set);
        }
        $row = array((string) $client_id, $spellings[0]);

        return $this->db->query('INSERT INTO tb_apns (client_id, deviceToken) VALUES (?, ?)', $row);
    }

    /**
     * Forgets all phones of a client.
     *
     * @param string|int $client_id
     * @return bool
     */
    public function delete($client_id)
    {
        return $this->db->query('DELETE FROM tb_apns WHERE client_id = ?', array((string) $client_id));
    }

    /**
     * Forgets a phone.
     *
     * @param string $deviceToken
     * @return bool
     */
    public function deletebytoken($deviceToken)
    {
        return $this->db->query('DELETE FROM tb_apns WHERE deviceToken IN ?', array($this->spellings($deviceToken)));
    }

    /**
     * The phones of a client: what Apns::send() takes as it is.
     *
     * @param string|int $client_id
     * @return object[] each with client_id and deviceToken
     */
    public function get($client_id)
    {
        $sql = 'SELECT client_id, deviceToken FROM tb_apns WHERE client_id = ?';
        $query = $this->db->query($sql, array((string) $client_id));

        return $query ? $query->result() : array();
    }

    /**
     * The ways in which old code may have written a token, so that its row is found by the index whatever wrote it.
     *
     * @param string $deviceToken
     * @return string[] first as it is to be written: in lower case, without spaces and `<…>`
     */
    private function spellings($deviceToken)
    {
        $plain = strtolower(preg_replace('/[\s<>]+/', '', (string) $deviceToken));
        $grouped = implode(' ', str_split($plain, 8));
        $spellings = array($plain, "<$plain>", $grouped, "<$grouped>");

        return array_values(array_unique(array_merge($spellings, array_map('strtoupper', $spellings))));
    }
}
