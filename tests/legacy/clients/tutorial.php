<?php
// As the tutorials of 2012 to 2016 had it: one socket, one fwrite a token, and a look for six bytes. What they have in common
// is kept; the loop around it is what people wrote when they found that everything behind a bad token was lost.
$told = json_decode(file_get_contents($argv[1]), true);
$payload = $told['payload'];
$tokens = $told['tokens'];

function connectToApns($told, $port)
{
    $ctx = stream_context_create();
    stream_context_set_option($ctx, 'ssl', 'local_cert', $told['pem']);
    stream_context_set_option($ctx, 'ssl', 'cafile', $told['ca']);
    stream_context_set_option($ctx, 'ssl', 'peer_name', 'gateway.push.apple.com');
    $fp = stream_socket_client(
        'ssl://' . $told['host'] . ':' . $port, $err, $errstr, 60, STREAM_CLIENT_CONNECT | STREAM_CLIENT_PERSISTENT, $ctx);
    if (!$fp) {
        exit("Failed to connect: $err $errstr" . PHP_EOL);
    }
    return $fp;
}

function checkAppleErrorResponse($fp)
{
    // byte1=always 8, byte2=StatusCode, bytes3,4,5,6=identifier(rowID)
    $apple_error_response = fread($fp, 6);
    if (!$apple_error_response) {
        return null;
    }
    return unpack('Ccommand/Cstatus_code/Nidentifier', $apple_error_response);
}

if ($told['what'] === 'feedback') {
    $fp = connectToApns($told, $told['feedbackPort']);
    $dead = array();
    while (!feof($fp)) {
        $devcon = fread($fp, 38);
        if (strlen($devcon) == 38) {
            $arr = unpack('H*', $devcon);
            $dead[] = substr(trim(implode('', $arr)), 12, 64);
        }
    }
    fclose($fp);
    echo json_encode(array('dead' => $dead)), PHP_EOL;
    exit;
}

$next = 0;
while ($next < count($tokens)) {
    $fp = connectToApns($told, $told['port']);
    stream_set_blocking($fp, 0);
    $error = null;
    for ($id = $next; $id < count($tokens); $id++) {
        if ($told['command'] === 0) {
            $msg = chr(0) . pack('n', 32) . pack('H*', $tokens[$id]) . pack('n', strlen($payload)) . $payload;
        } elseif ($told['command'] === 1) {
            // The expiration is reckoned anew each time, as it was.
            $apple_expiry = time() + (90 * 24 * 60 * 60);
            $msg = pack('C', 1) . pack('N', $id) . pack('N', $apple_expiry) . pack('n', 32) . pack('H*', $tokens[$id]) .
                pack('n', strlen($payload)) . $payload;
        } else {
            $inner = chr(1) . pack('n', 32) . pack('H*', $tokens[$id]) . chr(2) . pack('n', strlen($payload)) . $payload .
                chr(3) . pack('n', 4) . pack('N', $id) . chr(4) . pack('n', 4) . pack('N', 0) . chr(5) . pack('n', 1) . chr(10);
            $msg = chr(2) . pack('N', strlen($inner)) . $inner;
        }
        $result = @fwrite($fp, $msg);
        if ($result === false) {
            break;
        }
        if ($told['command'] !== 0 && ($error = checkAppleErrorResponse($fp))) {
            break;
        }
    }
    if ($told['command'] !== 0 && !$error) {
        // Workaround to check if there were any errors during the last seconds of sending.
        usleep(1000000);
        $error = checkAppleErrorResponse($fp);
    }
    fclose($fp);
    if (!$error) {
        break;
    }
    echo json_encode(array('rejected' => $tokens[$error['identifier']], 'status' => $error['status_code'])), PHP_EOL;
    $next = $error['identifier'] + 1;
}
echo json_encode(array('done' => true)), PHP_EOL;
