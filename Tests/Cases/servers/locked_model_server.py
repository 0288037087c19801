#!/usr/bin/env python3
"""Chat completions for requests with the key `good`; all others get 401. locked_model_server.py DIRECTORY

The file `log` has the status of each answer, one a line."""
import json, os, sys
from http.server import ThreadingHTTPServer, BaseHTTPRequestHandler

log = open(sys.argv[1] + '/log', 'a', buffering=1)


class H(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *arguments): pass

    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        status = 200 if self.headers['authorization'] == 'Bearer good' else 401
        log.write(f'{status}\n')
        answer = {'error': {'message': 'Incorrect API key provided', 'code': 'invalid_api_key'}} if status == 401 else {
            'id': 'x', 'object': 'chat.completion', 'model': 'm', 'choices': [
                {'index': 0, 'finish_reason': 'stop', 'message': {'role': 'assistant', 'content': 'fine'}}],
            'usage': {'prompt_tokens': 1, 'completion_tokens': 1}}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)


server = ThreadingHTTPServer(('127.0.0.1', 0), H)
open(sys.argv[1] + '/port.new', 'w').write(str(server.server_port))
os.rename(sys.argv[1] + '/port.new', sys.argv[1] + '/port')
server.serve_forever()
