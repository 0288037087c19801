#!/usr/bin/env python3
"""Chat completions of a busy server: busy_model_server.py DIRECTORY.

One request in ten gets 503 with Retry-After: 1, all others an answer."""
import json, os, sys, threading
from http.server import ThreadingHTTPServer, BaseHTTPRequestHandler
log = open(sys.argv[1] + '/log', 'a', buffering=1); lock = threading.Lock(); n = 0
class H(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *a): pass
    def do_POST(self):
        global n
        body = json.loads(self.rfile.read(int(self.headers['content-length'])))
        with lock: n += 1; busy = n % 10 == 1
        log.write(f"{503 if busy else 200} {body['messages'][-1]['content'].strip()}\n")
        if busy: answer = {'error': {'message': 'overloaded', 'type': 'server_error'}}
        else: answer = {'id': 'x', 'object': 'chat.completion', 'model': 'm', 'choices': [{'index': 0, 'finish_reason': 'stop',
              'message': {'role': 'assistant', 'content': 'fine'}}], 'usage': {'prompt_tokens': 1, 'completion_tokens': 1}}
        data = json.dumps(answer).encode()
        self.send_response(503 if busy else 200); self.send_header('Content-Type', 'application/json')
        if busy: self.send_header('Retry-After', '1')
        self.send_header('Content-Length', str(len(data))); self.end_headers(); self.wfile.write(data)
class S(ThreadingHTTPServer): request_queue_size = 256
server = S(('127.0.0.1', 0), H)
open(sys.argv[1] + '/port.new', 'w').write(str(server.server_port))
os.rename(sys.argv[1] + '/port.new', sys.argv[1] + '/port')
server.serve_forever()
