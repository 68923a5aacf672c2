<?php

defined('BASEPATH') or exit('No direct script access allowed');

use Bellpush\Client;
use Bellpush\Exception\BellpushException;
use Bellpush\Exception\UsageException;
use Bellpush\Job;
use Bellpush\Report;

// Without Composer, the package lies in application/third_party/bellpush.
if (!class_exists(Client::class)) {
    require_once APPPATH . 'third_party/bellpush/autoload.php';
}

/**
 * The old call, `$this->apns->send($deviceTokens, $data)`, done by a Bellpush sidecar.
 *
 *     $this->load->library('apns');
 *     $this->apns->send($deviceTokens, array('alert' => 'Ding dong', 'sound' => 'default'));
 *
 * Neither send() nor sendToClients() throws or ends the page: what goes wrong is logged (`log_message('error', …)`) and
 * can be asked for with error().
 */
class Apns
{
    /** @var array<string, mixed> what config/apns.php says */
    private $config;

    /** @var Client|null */
    private $client;

    /** @var Report|Job|null */
    private $last;

    /** @var BellpushException|null */
    private $error;

    /**
     * @param array<string, mixed> $config
     */
    public function __construct(array $config = array())
    {
        $this->config = $config + array(
            'url' => 'http://127.0.0.1:8195', 'key' => NULL, 'app' => NULL, 'connect_timeout' => 2, 'timeout' => 30,
            'retry_for' => 3, 'wait' => 20,
        );
    }

    /** @return array<string, mixed> for debuggers: not the key */
    public function __debugInfo()
    {
        return array('key' => '…') + $this->config;
    }

    /**
     * Pushes a notification to device tokens; to each once, however often it is in the list.
     *
     * @param string|object|array<mixed> $deviceTokens a token, a row of Apns_model, or a list of either
     * @param array<string, mixed> $data the aps dictionary, `array('alert' => 'Ding dong')`, or a whole payload: that
     *   is one with a key `aps`
     * @param array<string, mixed> $options as those of Bellpush\Client::push()
     * @return array<string, bool|null>|bool|null what became of each token of a list, by token, or of a single one:
     *   TRUE if Apple accepted it, FALSE if not, NULL if that is not known (in doubt, no answer of the sidecar in time,
     *   or the push goes on in a job). FALSE if nothing was pushed at all: see error()
     */
    public function send($deviceTokens, $data, array $options = array())
    {
        $isList = is_array($deviceTokens) && !array_key_exists('deviceToken', $deviceTokens);
        $given = array_map(array($this, 'tokenOf'), $isList ? $deviceTokens : array($deviceTokens));
        if ($given === array()) {
            return array();
        }
        $plain = array_map(array($this, 'plain'), $given);
        $tokens = array_values(array_unique($plain));
        $answer = $this->attempt(function (Client $client) use ($tokens, $data, $options) {
            return $client->push($this->payload($data), $tokens, $options);
        });
        if ($answer === FALSE) {
            return FALSE;
        }
        $outcomes = $this->outcomesOf($tokens, $answer);
        $byGiven = array();
        foreach ($given as $key => $token) {
            $byGiven[$token] = $outcomes[$plain[$key]];
        }

        return $isList ? $byGiven : reset($byGiven);
    }

    /**
     * Pushes a notification to all phones that clients have in the sidecar's token database.
     *
     * @param string|int|array<string|int> $clientIds
     * @param array<string, mixed> $data as in send()
     * @param array<string, mixed> $options as in send()
     * @return Report|Job|FALSE|NULL a Job that may not be over yet where there are very many; FALSE if nothing was
     *   pushed, NULL if that is not known: see error()
     */
    public function sendToClients($clientIds, $data, array $options = array())
    {
        return $this->attempt(function (Client $client) use ($clientIds, $data, $options) {
            return $client->pushToClients($this->payload($data), $clientIds, $options);
        });
    }

    /**
     * What the last call brought: its counts, and why tokens were not accepted.
     *
     * @return Report|Job|null NULL if it had no answer
     */
    public function last()
    {
        return $this->last;
    }

    /**
     * What went wrong with the last call.
     *
     * @return BellpushException|null NULL if nothing did
     */
    public function error()
    {
        return $this->error;
    }

    /**
     * @return Client for everything else: jobs, tokens, frames. It throws a BellpushException where it fails
     */
    public function client()
    {
        if ($this->client === NULL) {
            $options = array(
                'key' => $this->config['key'],
                'app' => $this->config['app'],
                'connectTimeout' => $this->config['connect_timeout'],
                'timeout' => $this->config['timeout'],
                'retryFor' => $this->config['retry_for'],
            );
            $this->client = new Client($this->config['url'], $options);
        }

        return $this->client;
    }

    /**
     * @param callable(Client): (Report|Job) $push
     * @return Report|Job|FALSE|NULL FALSE if nothing was pushed, NULL if that is not known
     */
    private function attempt(callable $push)
    {
        $this->last = NULL;
        $this->error = NULL;
        try {
            $this->last = $push($this->client());
            if ($this->last instanceof Job && !$this->last->isOver()) {
                $this->last = $this->client()->wait($this->last->id, (float) $this->config['wait']);
            }
        } catch (BellpushException $error) {
            $this->failed($error);
            if ($this->last === NULL) {
                return $error->mayHaveBeenDone() ? NULL : FALSE;
            }
        }
        if ($this->last->stopped !== NULL) {
            $stopped = $this->last->stopped;
            log_message('error', "apns: the push was stopped: $stopped[detail] ($stopped[code])");
        }

        return $this->last;
    }

    private function failed(BellpushException $error)
    {
        log_message('error', 'apns: ' . $error->getMessage());
        $this->error = $error;
    }

    /**
     * @param string[] $tokens
     * @param Report|Job|null $answer
     * @return array<string, bool|null> by token
     */
    private function outcomesOf(array $tokens, $answer)
    {
        $outcomes = array();
        $accepted = $answer === NULL ? 0 : $answer->counts['accepted'];
        try {
            foreach ($this->resultsOf($answer) as $result) {
                $outcomes[$this->plain($result->token)] = $result->outcome === 'inDoubt' ? NULL : FALSE;
            }
        } catch (BellpushException $error) {
            $this->failed($error);
        }
        // The results name what was not accepted: the others were, if there are no more and no fewer of them.
        $others = array_diff($tokens, array_keys($outcomes));

        return $outcomes + array_fill_keys($others, count($others) === $accepted ? TRUE : NULL);
    }

    /**
     * @param Report|Job|null $answer
     * @return iterable<Bellpush\Result>
     */
    private function resultsOf($answer)
    {
        if ($answer instanceof Job) {
            return $this->client()->results($answer->id);
        }

        return $answer === NULL ? array() : $answer->results;
    }

    /**
     * @param mixed $data
     * @return array<string, mixed>
     */
    private function payload($data)
    {
        if (!is_array($data) || $data === array()) {
            throw new UsageException('$data must be the aps dictionary or a whole payload: an array, and not empty.');
        }

        return array_key_exists('aps', $data) ? $data : array('aps' => $data);
    }

    /**
     * @param mixed $row a token, or a row that holds one
     * @return string
     */
    private function tokenOf($row)
    {
        if (is_object($row) || is_array($row)) {
            $row = ((array) $row)['deviceToken'] ?? '';
        }

        return (string) $row;
    }

    /**
     * As the sidecar spells it; old tables have upper case, spaces and `<…>`.
     *
     * @param string $token
     * @return string
     */
    private function plain($token)
    {
        return strtolower(preg_replace('/[\s<>]+/', '', $token));
    }
}
