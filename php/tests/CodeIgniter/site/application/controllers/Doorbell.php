<?php

defined('BASEPATH') or exit('No direct script access allowed');

/**
 * The old site: what somebody wrote in 2016 against the old `Apns` and `Apns_model`, and never touched again. Each
 * method prints what it got as a line of JSON.
 */
class Doorbell extends CI_Controller
{
    public function __construct()
    {
        parent::__construct();
        $this->load->database();
        $this->load->model('apns_model');
        $this->load->library('apns');
    }

    /** Somebody rings at the door of one customer. */
    public function ring($client_id)
    {
        $deviceTokens = array();
        foreach ($this->apns_model->get($client_id) as $row) {
            $deviceTokens[] = $row->deviceToken;
        }
        $this->say($this->apns->send($deviceTokens, array('alert' => 'Ding dong', 'sound' => 'default')));
    }

    /** The same by the rows themselves, with a whole payload. */
    public function ring_rows($client_id)
    {
        $data = array('aps' => array('alert' => 'Ding dong'), 'door' => 7);
        $this->say($this->apns->send($this->apns_model->get($client_id), $data));
    }

    public function ring_one($token)
    {
        $this->say($this->apns->send(rawurldecode($token), array('alert' => 'Ding dong')));
    }

    /** Everybody in the building: all customers from one number to another. */
    public function ring_building($first, $last)
    {
        $report = $this->apns->sendToClients(range($first, $last), array('alert' => 'Ding dong'));
        $this->say($report ? array('counts' => $report->counts, 'removed' => $report->removed) : $report);
    }

    public function why()
    {
        $sent = $this->apns->send('00', array());
        $this->say(array($sent, $this->apns->error()->getErrorCode()));
    }

    public function register($client_id, $token)
    {
        $this->say($this->apns_model->create($client_id, rawurldecode($token)));
    }

    public function register_row($client_id, $token)
    {
        $this->say($this->apns_model->create(array('client_id' => $client_id, 'deviceToken' => $token)));
    }

    public function unregister($token)
    {
        $this->say($this->apns_model->deletebytoken(rawurldecode($token)));
    }

    public function leave($client_id)
    {
        $this->say($this->apns_model->delete(rawurldecode($client_id)));
    }

    private function say($what)
    {
        echo json_encode($what), "\n";
    }
}
