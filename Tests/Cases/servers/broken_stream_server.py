#!/usr/bin/env python3
"""A model server that breaks its answers in the place that the question names: broken_stream_server.py DIRECTORY.

The question is `SHAPE KIND PLACE`: SHAPE is text, tool or body (text that is no stream), KIND is
  cut     the answer ends before the byte PLACE
  closed  as cut, and then the stream is ended as a whole one would be
  swap    the events PLACE and PLACE + 1 change places
  empty   every text in the answer is empty
  whole   nothing is broken
http://127.0.0.1:PORT/openai/v1 for provider openai, /anthropic for provider anthropic. streams.py imports ANSWERS to
count the places in them. Standard library only."""
import http.server
import json
import os
import re
import sys

WORDS = ["Rename(2) ", "is atomic: ", "grüße ", "from both ", "names. ", "The end."]
TEXT = "".join(WORDS)
ARGUMENTS = ['{"te', 'xt": "all ', "of ", 'it"}']


def chunk(delta, finish=None, **more):
    return "data: " + json.dumps({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [
        {"index": 0, "delta": delta, "finish_reason": finish}], **more}) + "\n\n"


def event(kind, **members):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n"


USAGE = "data: " + json.dumps({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}}) + "\n\n"
OPENAI = {
    "text": [chunk({"role": "assistant", "content": ""})] + [chunk({"content": word}) for word in WORDS] + [chunk({}, "stop"), USAGE, "data: [DONE]\n\n"],
    "tool": [chunk({"role": "assistant", "content": None, "tool_calls": [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "echo", "arguments": ""}}]})]
    + [chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in ARGUMENTS] + [chunk({}, "tool_calls"), USAGE, "data: [DONE]\n\n"],
    "body": [json.dumps({"id": "c1", "object": "chat.completion", "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 19}})],
}
START = event("message_start", message={"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [],
                                        "stop_reason": None, "usage": {"input_tokens": 10, "output_tokens": 1}})


def block(start, deltas, stop):
    return [START, event("content_block_start", index=0, content_block=start), event("ping")] + [
        event("content_block_delta", index=0, delta=delta) for delta in deltas] + [
        event("content_block_stop", index=0), event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": 9}),
        event("message_stop")]


ANTHROPIC = {
    "text": block({"type": "text", "text": ""}, [{"type": "text_delta", "text": word} for word in WORDS], "end_turn"),
    "tool": block({"type": "tool_use", "id": "toolu_1", "name": "echo", "input": {}},
                  [{"type": "input_json_delta", "partial_json": piece} for piece in ARGUMENTS], "tool_use"),
    "body": [json.dumps({"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": TEXT}],
                         "stop_reason": "end_turn", "usage": {"input_tokens": 10, "output_tokens": 9}})],
}
ANSWERS = {"openai": OPENAI, "anthropic": ANTHROPIC}
CLOSINGS = {"openai": b"\n\ndata: [DONE]\n\n", "anthropic": ("\n\n" + event("message_stop")).encode()}


def broken(dialect, shape, kind, place):
    events = list(ANSWERS[dialect][shape])
    if kind == "swap":
        events[place], events[place + 1] = events[place + 1], events[place]
    whole = "".join(events).encode()
    if kind == "empty":
        texts = [json.dumps(piece)[1:-1] for piece in [*WORDS, *ARGUMENTS, TEXT]]
        return re.sub("|".join(map(re.escape, sorted(texts, key=len, reverse=True))), "", whole.decode()).encode()
    if kind == "cut":
        return whole[:place]
    if kind == "closed":
        return whole[:place] + CLOSINGS[dialect]
    return whole


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        messages = body["messages"]
        dialect = "anthropic" if self.path.endswith("/messages") else "openai"
        asked = re.search(r"(text|tool|body) (cut|closed|swap|empty|whole) (\d+)", json.dumps(messages)).groups()
        shape, kind, place = asked[0], asked[1], int(asked[2])
        if any(m["role"] == "tool" or isinstance(m["content"], list) and any(b.get("type") == "tool_result" for b in m["content"]) for m in messages):
            answered = re.search(r"echo: [^\"\\]*", json.dumps(messages[-1]["content"]))
            data = json.dumps(answered.group(0) if answered else "no result")
            events = {"openai": [chunk({"content": json.loads(data)}), chunk({}, "stop"), "data: [DONE]\n\n"],
                      "anthropic": block({"type": "text", "text": ""}, [{"type": "text_delta", "text": json.loads(data)}], "end_turn")}[dialect]
            content = "".join(events).encode()
        else:
            content = broken(dialect, shape, kind, place)
        # The connection's end ends the answer, as with many proxies: HTTP itself does not show that it was cut.
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if shape == "body" else "text/event-stream")
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    with open(os.path.join(sys.argv[1], "port.new"), "w") as file:
        file.write(str(server.server_port))
    os.rename(os.path.join(sys.argv[1], "port.new"), os.path.join(sys.argv[1], "port"))
    server.serve_forever()
