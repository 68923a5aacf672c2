<?php

/**
 * A server that answers as it is told, whatever it is asked, at the address of its argument. On its stdin comes one
 * line, a list of answers in JSON, of which each connection gets the next:
 *
 *     { "bytes": base64, "then": "close" | "hold" | "until-closed" }
 *
 * `hold` keeps the connection open and silent, `until-closed` says `"closed"` when the other side has closed it. Its
 * stdout says its port, and then each request that it has read, a line of JSON for each; of a long body only the SHA-1.
 * It ends when its stdin is closed.
 */

$answers = json_decode(fgets(STDIN), true);
$server = stream_socket_server("tcp://$argv[1]:0");
echo substr(strrchr(stream_socket_get_name($server, false), ':'), 1), "\n";

$held = [];
while (true) {
    $ready = [$server, STDIN];
    $none = null;
    stream_select($ready, $none, $none, null);
    if (in_array(STDIN, $ready, true)) {
        exit;
    }
    $client = stream_socket_accept($server);
    $text = '';
    while (!isWhole($text) && ($chunk = fread($client, 65536)) !== '' && $chunk !== false) {
        $text .= $chunk;
    }
    [$head, $body] = explode("\r\n\r\n", $text, 2) + ['', ''];
    // A long body would fill the pipe.
    echo json_encode(['head' => $head, 'body' => strlen($body) > 9999 ? sha1($body) : $body]), "\n";
    $answer = array_shift($answers) ?? ['bytes' => '', 'then' => 'close'];
    @fwrite($client, base64_decode($answer['bytes']));
    if ($answer['then'] === 'until-closed') {
        while (fread($client, 65536) !== '') {
        }
        echo json_encode('closed'), "\n";
    }
    if ($answer['then'] === 'hold') {
        $held[] = $client;
    } else {
        fclose($client);
    }
}

function isWhole(string $text): bool
{
    $end = strpos($text, "\r\n\r\n");
    if ($end === false) {
        return false;
    }
    $length = preg_match('/^content-length: (\d+)/mi', substr($text, 0, $end), $match) ? (int) $match[1] : 0;

    return strlen($text) >= $end + 4 + $length;
}
