#!/usr/bin/env python3
"""A stand-in for model servers with quirks: quirky_model_server.py DIRECTORY.

The first part of the path picks the quirk: http://127.0.0.1:PORT/MODE/v1 for provider openai, http://127.0.0.1:PORT/MODE
for provider anthropic. The port is written to DIRECTORY/port once the server listens; each request is appended to
DIRECTORY/requests.jsonl. Standard library only."""
import gzip, http.server, json, os, sys, time

DIRECTORY = sys.argv[1]
LOG = os.path.join(DIRECTORY, "requests.jsonl")
CITIES = ["Paris", "Oslo"]


def call(ident, name, arguments, index=None, extra=None):
    made = {"id": ident, "type": "function", "function": {"name": name, "arguments": arguments}}
    if index is not None:
        made["index"] = index
    return {**made, **(extra or {})}


def chunk(delta=None, finish=None, **more):
    return {"id": "c1", "object": "chat.completion.chunk", "model": "stub",
            "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **more}


USAGE = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}


class Stub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300

    def log_message(self, *args):
        pass

    # answers ---------------------------------------------------------------------------------------------------
    def send(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def fail(self, status, body):
        self.send(status, "application/json", json.dumps(body).encode())

    def refuse(self, message, status=400, code=None):
        self.fail(status, {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}})

    def events(self, events, kind="text/event-stream", done=True, pause=0.0):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            text = event if isinstance(event, str) else "data: " + json.dumps(event) + "\n\n"
            self.wfile.write(text.encode())
            self.wfile.flush()
            time.sleep(pause)
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def text(self, text, finish="stop", usage=True):
        if not self.body.get("stream"):
            return self.fail(200, {"id": "c1", "object": "chat.completion", "model": self.body.get("model"),
                                   "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                                "finish_reason": finish}], **({"usage": USAGE["usage"]} if usage else {})})
        self.events([chunk({"role": "assistant", "content": text}, model=self.body.get("model")), chunk(finish=finish)]
                    + ([USAGE] if usage else []))

    def calls(self, calls, delta=None, usage=True):
        self.events([chunk({"role": "assistant", "content": None, **(delta or {})})]
                    + [chunk({"tool_calls": [c]}) for c in calls] + [chunk(finish="tool_calls")]
                    + ([USAGE] if usage else []))

    # what was asked ----------------------------------------------------------------------------------------------
    @property
    def messages(self):
        return self.body.get("messages", [])

    def results(self):
        return [m for m in self.messages if m.get("role") == "tool"]

    def last(self):
        content = self.messages[-1].get("content") if self.messages else ""
        return content if isinstance(content, str) else json.dumps(content)

    def tool(self):
        tools = self.body.get("tools") or [{"function": {"name": "weather"}}]
        return tools[0]["function"]["name"]

    def agent_turn(self, arguments='{"city": "Paris"}', **more):
        """One call of the first tool, then an answer that quotes what came back."""
        if self.results():
            return self.text("the tool said: " + str(self.results()[-1]["content"])[:200])
        self.calls([call("call_0123456789abcdef", self.tool(), arguments, 0, more.get("extra"))], more.get("delta"))

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.body = json.loads(raw)
        mode = self.path.split("/")[1]
        with open(LOG, "a") as log:
            log.write(json.dumps({"at": time.time(), "path": self.path, "body": self.body}) + "\n")
        try:
            getattr(self, "mode_" + mode.replace("-", "_"), self.mode_unknown)()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def mode_unknown(self):
        self.refuse("no such mode", 404)

    def mode_echo(self):
        self.text(f"model={self.body.get('model')} bytes={len(self.last())} prompt={self.last()[:80]!r}")

    def mode_agent(self):
        self.agent_turn()

    # Two calls with the same index, to be distinguished by their ids alone
    def mode_index0(self):
        if self.results():
            return self.text(f"results={len(self.results())}: " + " | ".join(str(r["content"])[:60] for r in self.results()))
        self.calls([call(f"call_{c}", self.tool(), json.dumps({"city": c}), 0) for c in CITIES])

    # What the model sent with its call must come back with the call
    def mode_reasoner(self):
        for m in self.messages:
            if m.get("tool_calls") and not m.get("reasoning_content"):
                return self.refuse("assistant message 1 lacks its reasoning_content; pass it back with the tool call")
        self.agent_turn(delta={"reasoning_content": "I should look the weather up."})

    def mode_thinking(self):  # Anthropic
        for m in self.messages:
            blocks = m["content"] if isinstance(m["content"], list) else []
            if m["role"] == "assistant" and self.body.get("thinking") and any(b["type"] == "tool_use" for b in blocks):
                if blocks[0]["type"] not in ("thinking", "redacted_thinking"):
                    return self.fail(400, {"type": "error", "error": {"type": "invalid_request_error", "message":
                        "messages.1.content.0.type: a thinking block was expected before tool_use"}})
        answered = any(isinstance(m["content"], list) and any(b["type"] == "tool_result" for b in m["content"])
                       for m in self.messages)
        blocks = ([("text", {"text": ""}, {"type": "text_delta", "text": "It is mild."})] if answered else
                  [("thinking", {"thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "Look it up."}),
                   ("tool_use", {"id": "toolu_1", "name": self.body["tools"][0]["name"], "input": {}},
                    {"type": "input_json_delta", "partial_json": '{"city": "Paris"}'})])
        events = [{"type": "message_start", "message": {"id": "m1", "type": "message", "role": "assistant", "model": "stub",
                                                        "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}}]
        for i, (kind, start, delta) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": i, "content_block": {"type": kind, **start}})
            events.append({"type": "content_block_delta", "index": i, "delta": delta})
            if kind == "thinking":
                events.append({"type": "content_block_delta", "index": i, "delta": {"type": "signature_delta", "signature": "c2ln"}})
            events.append({"type": "content_block_stop", "index": i})
        events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn" if answered else "tool_use"},
                       "usage": {"output_tokens": 20}})
        events.append({"type": "message_stop"})
        self.events([f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events], done=False)

    # A history with broken arguments is refused for ever
    def poisoned(self):
        for m in self.messages:
            for c in m.get("tool_calls") or []:
                try:
                    if isinstance(json.loads(c["function"]["arguments"]), dict):
                        continue
                except ValueError:
                    pass
                self.fail(500, {"error": {"code": 500, "type": "server_error",
                                          "message": "cannot read the arguments of a tool call in the history as JSON"}})
                return True
        return False

    def mode_badargs(self):
        if not self.poisoned():
            self.agent_turn('{"city": "Par')

    # A server without json_schema, and JSON behind <think>
    def mode_noschema(self):
        if (self.body.get("response_format") or {}).get("type") == "json_schema":
            return self.refuse("This response_format type is not available on this server")
        self.text('{"urgent": true}')

    def mode_thinktext(self):
        self.text("<think>\nThe customer waits, so {urgent}.\n</think>\n\n{\"urgent\": true}")

    # Empty answers, and answers that a limit cut
    def mode_empty(self):
        self.text("")

    def mode_cut(self):
        self.text("The three reasons are: first, the pump was", "length")

    def mode_anthropiccut(self):
        self.events([f"event: x\ndata: {json.dumps(e)}\n\n" for e in [
            {"type": "message_start", "message": {"id": "m1", "type": "message", "role": "assistant", "model": "stub",
                                                  "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "The three reasons are: first, the pump was"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 4096}},
            {"type": "message_stop"}]], done=False)

    # Errors in the place of a stream
    def mode_objerr(self):
        self.events([{"object": "error", "message": "the prompt has 9000 tokens and the context 8192", "type": "BadRequestError", "code": 400}])

    def mode_jsonerr(self):
        self.send(200, "text/event-stream", json.dumps({"error": {"message": "this key may not use this model", "code": 403}}).encode())

    def mode_detail422(self):
        if "stream_options" in self.body:
            return self.fail(422, {"object": "error", "type": "invalid_request_error", "param": None, "code": None, "message": {
                "detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "extra inputs are not permitted"}]}})
        self.text("fine")

    # Streams with an odd finish_reason
    def mode_finishempty(self):
        self.events([chunk({"role": "assistant", "content": "A whole answer."}, ""), chunk(finish="stop"), {**chunk({}, ""), "usage": USAGE["usage"]}])

    def mode_nullcut(self):
        self.events([chunk({"role": "assistant", "content": "Half of an ans"}, "null")], done=False)

    # 90 words, one a second
    def mode_slow(self):
        self.events([chunk({"role": "assistant", "content": f"word{i} "}) for i in range(90)] + [chunk(finish="stop"), USAGE], pause=1.0)

    # Eight turns of 1.2 kB each, and never a word about tokens
    def mode_nousage(self):
        if len(self.results()) >= 8:
            return self.text("done after 8 turns", usage=False)
        self.calls([call(f"call_{len(self.results())}", self.tool(), '{"city": "Paris"}', 0)], {"content": "blah " * 240}, usage=False)

    # A server that is strict with the schemas of tools
    def mode_strictschema(self):
        for t in self.body.get("tools") or []:
            p = t["function"].get("parameters")
            if not isinstance(p, dict) or p.get("type") == "object" and not isinstance(p.get("properties"), dict):
                return self.refuse(f"Invalid schema for function '{t['function']['name']}': In context=(), object schema missing properties.",
                                   code="invalid_function_parameters")
            if "$schema" in p:
                return self.refuse('Unknown name "$schema" at tools[0].function.parameters')
        self.agent_turn("{}")

    # A context that a long request does not fit
    def mode_ctx(self):
        if int(self.headers.get("Content-Length", 0)) > 400_000:
            return self.refuse("the request is longer than the context", code="context_length_exceeded")
        self.agent_turn("{}")

    # Lines with BAD fail while the file fail-lines exists in DIRECTORY
    def mode_lines(self):
        if "BAD" in self.last() and os.path.exists(os.path.join(DIRECTORY, "fail-lines")):
            return self.refuse("no credit left for this line", 400)
        self.text("answer to " + self.last()[:40])


    # An answer's content as a list of parts, in the stream as in whole answers
    def mode_parts(self):
        self.events([chunk({"role": "assistant", "content": [{"type": "text", "text": "The first half, "}]}),
                     chunk({"content": "and "}), chunk({"content": [{"type": "text", "text": "the second."}]}),
                     chunk(finish="stop"), USAGE])

    # What client libraries accept
    def mode_redirect(self):
        if self.path.endswith("/here/chat/completions"):
            return self.text("found after a redirect")
        self.send_response(307)
        self.send_header("Location", "/redirect/v1/here/chat/completions")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def mode_gzip(self):
        body = gzip.compress(json.dumps({"id": "c1", "object": "chat.completion", "model": "stub", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "packed"}, "finish_reason": "stop"}],
            "usage": USAGE["usage"]}).encode())
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def mode_large(self):
        self.events([chunk({"role": "assistant", "content": "x" * (1 << 20)})] + [chunk({"content": "y" * (1 << 20)})] * 17
                    + [chunk(finish="stop"), USAGE])

    def mode_donespaces(self):
        self.events([chunk({"role": "assistant", "content": "whole"}), chunk(finish="stop"), "data:  [DONE]  \n\n"], done=False)

    def mode_staysopen(self):
        self.events([chunk({"role": "assistant", "content": "whole"}), chunk(finish="stop"), USAGE, "data: [DONE]\n\n"], done=False)
        self.wfile.flush()
        time.sleep(120)

    def mode_staysopenmute(self):
        self.events([chunk({"role": "assistant", "content": "whole"}), chunk(finish="stop"), USAGE], done=False)
        time.sleep(120)

    def mode_largewhole(self):
        self.fail(200, {"id": "c1", "object": "chat.completion", "model": "stub", "choices": [{"index": 0, "finish_reason": "stop",
                  "message": {"role": "assistant", "content": "x" * (18 << 20)}}], "usage": USAGE["usage"]})

    # Parameters that newer models refuse
    def mode_maxtokens(self):
        if "max_tokens" in self.body:
            return self.fail(400, {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.", "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter"}})
        self.text(f"limit {self.body.get('max_completion_tokens')}")

    def mode_notemperature(self):
        if "temperature" in self.body:
            return self.fail(400, {"error": {"message": "Unsupported value: 'temperature' does not support 0 with this model. Only the "
                "default (1) value is supported.", "type": "invalid_request_error", "param": "temperature", "code": "unsupported_value"}})
        self.text("at the default temperature")

    # A tool called by another name than its own, and a call written as text
    def mode_prefixed(self):
        if self.results():
            return self.agent_turn()
        self.calls([call("call_1", "functions." + self.tool(), '{"city": "Paris"}', 0)])

    def mode_textcall(self):
        if self.results() or "the tool" in self.last() or "tool_response" in self.last():
            return self.text("the tool said: " + self.last()[:200])
        self.text('<tool_call>{"name": "' + self.tool() + '", "arguments": {"city": "Paris"}}</tool_call>')

    # Lines of batches for other endpoints
    def mode_endpoints(self):
        if self.path.endswith("/embeddings"):
            return self.fail(200, {"object": "list", "model": self.body.get("model"), "data": [
                {"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}], "usage": {"prompt_tokens": 3, "total_tokens": 3}})
        if self.path.endswith("/responses"):
            return self.fail(200, {"id": "resp_1", "object": "response", "status": "completed", "model": self.body.get("model"), "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a response"}]}],
                "usage": {"input_tokens": 4, "output_tokens": 2, "total_tokens": 6}})
        self.text("a chat")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


server = Server(("127.0.0.1", 0), Stub)
with open(os.path.join(DIRECTORY, "port.new"), "w") as file:
    file.write(str(server.server_port))
os.rename(os.path.join(DIRECTORY, "port.new"), os.path.join(DIRECTORY, "port"))
server.serve_forever()
