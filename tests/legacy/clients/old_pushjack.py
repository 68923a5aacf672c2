"""PyPI's pushjack 1.6.0; less patient at the end, as the test has no need of ten seconds."""
import json
import sys

from pushjack import APNSClient

told = json.load(open(sys.argv[1]))


class Client(APNSClient):
    host = told['host']
    port = told['port']
    feedback_host = told['host']
    feedback_port = told['feedbackPort']


client = Client(certificate=told['pem'], default_error_timeout=2)
if told['what'] == 'feedback':
    print(json.dumps({'dead': [token.token for token in client.get_expired_tokens()]}))
else:
    aps = json.loads(told['payload'])['aps']
    response = client.send(told['tokens'], aps['alert'], sound=aps['sound'])
    for token, error in response.token_errors.items():
        print(json.dumps({'rejected': token, 'status': error.code}))
print(json.dumps({'done': True}))
