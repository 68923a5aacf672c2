"""PyPI's apns-worker 0.1. It knows no gateway but Apple's, and no TLS but 1.0, which today's OpenSSL forbids: this process is
told that those names are somewhere else, and that the best TLS that both sides have will do."""
import json
import socket
import ssl
import sys

told = json.load(open(sys.argv[1]))
create_connection = socket.create_connection
socket.create_connection = lambda address, *rest: create_connection(
    (told['host'], told['port'] if address[1] == 2195 else told['feedbackPort']), *rest)
ssl.PROTOCOL_TLSv1 = ssl.PROTOCOL_TLS

from apns_worker import ApnsManager, Message  # noqa: E402


def rejected(error):
    print(json.dumps({'rejected': error.token.decode(), 'status': error.status}), flush=True)


manager = ApnsManager(told['key'], told['cert'], environment='production', error_handler=rejected)
if told['what'] == 'feedback':
    manager.get_feedback(lambda feedback: print(json.dumps({'dead': [feedback.token]}), flush=True))
else:
    manager.send_message(Message(told['tokens'], json.loads(told['payload'])))
sys.stdin.read()
