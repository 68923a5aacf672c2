<?php
// A client that writes all it has without one look at the answers, then reads six bytes, once, and closes: over and over,
// on a connection of its own each time. It says what it read.
$told = json_decode(file_get_contents($argv[1]), true);
$payload = $told['payload'];

for ($round = 0; $round < $told['rounds']; $round++) {
    $ctx = stream_context_create();
    stream_context_set_option($ctx, 'ssl', 'local_cert', $told['pem']);
    stream_context_set_option($ctx, 'ssl', 'cafile', $told['ca']);
    stream_context_set_option($ctx, 'ssl', 'peer_name', 'gateway.push.apple.com');
    $fp = stream_socket_client('ssl://' . $told['host'] . ':' . $told['port'], $err, $errstr, 60, STREAM_CLIENT_CONNECT, $ctx);
    foreach ($told['tokens'] as $id => $token) {
        fwrite($fp, pack('C', 1) . pack('N', $id) . pack('N', 0) . pack('n', 32) . pack('H*', $token) .
            pack('n', strlen($payload)) . $payload);
    }
    if ($told['closes']) {
        stream_socket_shutdown($fp, STREAM_SHUT_WR);
    }
    $read = fread($fp, 6);
    echo json_encode(array('read' => bin2hex($read === false ? '' : $read))), PHP_EOL;
    fclose($fp);
}
