#!/usr/bin/env python3
"""Chat completions with a quota: quota_model_server.py DIRECTORY.

Ten requests, then one each $EVERY seconds; a request above the quota gets 429 with the true Retry-After."""
import json, math, os, sys, threading, time
from http.server import ThreadingHTTPServer, BaseHTTPRequestHandler
log = open(sys.argv[1] + '/log', 'a', buffering=1); lock = threading.Lock(); every = float(os.environ.get('EVERY', '2')); room = 10.0; last = time.time()
class H(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *a): pass
    def do_POST(self):
        global room, last
        body = json.loads(self.rfile.read(int(self.headers['content-length'])))
        with lock:
            now = time.time(); room = min(10, room + (now - last) / every); last = now
            wait = 0 if room >= 1 else (1 - room) * every
            if not wait: room -= 1
        log.write(f"{429 if wait else 200} {body['messages'][-1]['content'].strip()}\n")
        if wait: answer = {'error': {'message': f'Rate limit reached. Please try again in {wait:.2f}s.', 'type': 'tokens', 'code': 'rate_limit_exceeded'}}
        else: answer = {'id': 'x', 'object': 'chat.completion', 'model': 'm', 'choices': [{'index': 0, 'finish_reason': 'stop',
              'message': {'role': 'assistant', 'content': 'fine'}}], 'usage': {'prompt_tokens': 1, 'completion_tokens': 1}}
        data = json.dumps(answer).encode()
        self.send_response(429 if wait else 200); self.send_header('Content-Type', 'application/json')
        if wait: self.send_header('Retry-After', str(math.ceil(wait * 1000) / 1000))
        self.send_header('Content-Length', str(len(data))); self.end_headers(); self.wfile.write(data)
class S(ThreadingHTTPServer): request_queue_size = 256
server = S(('127.0.0.1', 0), H)
open(sys.argv[1] + '/port.new', 'w').write(str(server.server_port))
os.rename(sys.argv[1] + '/port.new', sys.argv[1] + '/port')
server.serve_forever()
