"""Real habits of model servers."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path

from workshop import Job, Workshop, case, right

WEATHER = "#!/usr/bin/env python3\nimport json, sys\nprint('mild in ' + json.load(sys.stdin).get('city', 'no city'))\n"


def prompt(shop: Workshop, mode: str, model: str = "", workflow: str = "", limits: str = "", provider: str = "openai") -> None:
    """A spool whose one step asks the quirky server in one of its modes."""
    path = f"/{mode}/v1" if provider == "openai" else f"/{mode}"
    steps = workflow or '[{id: a, prompt: "{{input.text}}"}]'
    shop.make(f"""
models:
  default: {{provider: {provider}, base_url: "{shop.serve("quirky_model_server")}{path}", model: stub{model}}}
workflows: {{w: {{{limits}retry: {{attempts: 3, initial: 200ms}}, steps: {steps}}}}}
queues: {{default: {{workflow: w}}}}
""")


def agent(shop: Workshop, mode: str, model: str = "", limits: str = "", parameters: str = ", parameters: {type: object, properties: {city: {type: string}}}",
          provider: str = "openai", turns: int = 12, retry: str = "{attempts: 3, initial: 200ms}", tool: str = WEATHER, more: str = "") -> None:
    """A spool with an agent that has the tool weather."""
    path = f"/{mode}/v1" if provider == "openai" else f"/{mode}"
    shop.make(f"""
models:
  default: {{provider: {provider}, base_url: "{shop.serve("quirky_model_server")}{path}", model: stub{model}}}
tools: {{weather: {{description: Tells the weather., command: [tools/weather], effect: read{parameters}}}}}
workflows: {{w: {{{limits}retry: {retry}, steps: [{{id: a, agent: {{model: default, prompt: "{{{{input.text}}}}", tools: [weather], max_turns: {turns}}}}}]}}}}
queues: {{default: {{workflow: w}}}}
{more}""", weather=tool)


def ended(shop: Workshop, text: str = "a question", seconds: float | None = None) -> Job:
    shop.start()
    shop.drop("q.txt", text)
    shop.until_ended(1, seconds)
    return shop.jobs()[0]


def answered(shop: Workshop, wanted: str, requests: int = 0) -> str:
    job = ended(shop)
    right(job.state == "done" and wanted in str(job.output), f"{job.output!r}; {shop.picture}")
    right(not requests or len(shop.requests) == requests, f"{len(shop.requests)} requests; {job.output!r}")
    return f"done: {str(job.output)[:160]!r}, {len(shop.requests)} requests"


def failed(shop: Workshop, *wanted: str, requests: int = 0) -> str:
    job = ended(shop)
    right(job.state == "failed" and all(word in job.error for word in wanted), f"{job.state} {job.output!r} {job.error}")
    right(not requests or len(shop.requests) == requests, f"{len(shop.requests)} requests; {job.error}")
    return f"failed after {len(shop.requests)} requests: {job.error}"


@case("B11", "two calls in one streamed answer, both with index 0")
def index0(shop: Workshop) -> str:
    agent(shop, "index0")
    return answered(shop, "results=2: mild in Paris | mild in Oslo", 2)


@case("B12", "what a model thought must come back with its call")
def reasoner(shop: Workshop) -> str:
    agent(shop, "reasoner")
    return answered(shop, "the tool said: mild in Paris", 2)


@case("B12-anthropic", "thinking blocks must come back with their call")
def thinking(shop: Workshop) -> str:
    agent(shop, "thinking", model=", parameters: {max_tokens: 4000, thinking: {type: enabled, budget_tokens: 1024}}", provider="anthropic")
    seen = answered(shop, "It is mild.", 2)
    blocks = next(m["content"] for m in shop.requests[1]["body"]["messages"] if m["role"] == "assistant")
    right(blocks[0] == {"type": "thinking", "thinking": "Look it up.", "signature": "c2ln"}, blocks)
    return seen


@case("B12-killed", "kill -9 between the turns of a model that thinks", 150)
def thinking_killed(shop: Workshop) -> str:
    slow = "#!/bin/sh\nif [ -e started ]; then echo mild; else touch started; sleep 30; fi\n"
    agent(shop, "thinking", model=", parameters: {max_tokens: 4000, thinking: {type: enabled, budget_tokens: 1024}}", provider="anthropic", tool=slow)
    shop.start()
    shop.drop("q.txt", "a question")
    shop.until("the first turn was answered", lambda: shop.requests and any(shop.spool.rglob("started")))
    shop.stop(9)
    shop.start()
    shop.until_ended(1)
    job = shop.jobs()[0]
    right(job.state == "done" and len(shop.requests) == 2, f"{shop.picture} {len(shop.requests)} requests")
    return f"done: {job.output!r}, {len(shop.requests)} requests over two lives"


@case("B12-shown", "what a model thought is shown apart from its answer")
def thoughts(shop: Workshop) -> str:
    agent(shop, "reasoner")
    job = ended(shop)
    said, shown = shop.run("result", job.id, "--reasoning").out, shop.run("show", job.id).out
    right("I should look the weather up." in said and "--reasoning" in shown, f"{said!r} {shown}")
    right("I should" not in f"{job.output} {shop.run('result', job.id).out}", job.output)
    return f"{said!r}"


@case("B13", "arguments that are half a JSON stay in the history")
def badargs(shop: Workshop) -> str:
    agent(shop, "badargs")
    return answered(shop, "the tool said:", 2)


URGENT = '[{id: a, prompt: "{{input.text}}", output: {type: object, properties: {urgent: {type: boolean}}, required: [urgent]}}]'


@case("B14", "no json_schema at the server")
def noschema(shop: Workshop) -> str:
    prompt(shop, "noschema", workflow=URGENT)
    shop.start()
    for number in range(3):
        shop.drop(f"q{number}.txt", "a question")
        shop.until_ended(number + 1)
    jobs = shop.jobs("done")
    right(len(jobs) == 3 and all(job.output == {"urgent": True} for job in jobs), shop.picture)
    right(len(shop.requests) <= 5, f"{len(shop.requests)} requests for three jobs")
    return f"3 done with {len(shop.requests)} requests"


@case("B14-think", "JSON behind <think>…</think>")
def thinktext(shop: Workshop) -> str:
    prompt(shop, "thinktext", workflow=URGENT)
    return answered(shop, "{'urgent': True}", 1)


@case("B15-empty", "an empty answer")
def empty(shop: Workshop) -> str:
    prompt(shop, "empty")
    return failed(shop, "empty", requests=3)


@case("B15-cut", "an answer cut at the limit")
def cut(shop: Workshop) -> str:
    prompt(shop, "cut")
    job = ended(shop)
    listed, shown = shop.run("list").out, shop.run("show", job.id).out
    right(job.state == "failed" or job.result.get("truncated") is True and "truncated" in listed and "truncated" in shown,
          f"{job.state} {job.result} {listed}")
    return f"{job.state}, truncated: {job.result.get('truncated')}; {listed.splitlines()[-1]}"


@case("B15-fail", "an answer cut at the limit, on_truncated: fail")
def cut_fails(shop: Workshop) -> str:
    prompt(shop, "cut", model=", on_truncated: fail")
    return failed(shop, "max_tokens")


@case("B15-anthropic", "Anthropic's answer cut at the default limit")
def anthropic_cut(shop: Workshop) -> str:
    prompt(shop, "anthropiccut", provider="anthropic")
    job = ended(shop)
    shown = shop.run("show", job.id).out
    right(job.state == "failed" or job.result.get("truncated") is True, f"{job.state} {job.result}")
    right("4096" in shown + json.dumps(job.result) or "4,096" in shown + json.dumps(job.result), shown)
    return f"{job.state}, truncated: {job.result.get('truncated')}, 4096 is named"


@case("B16-objerr", "an error in the stream, as an object")
def objerr(shop: Workshop) -> str:
    prompt(shop, "objerr")
    return failed(shop, "permanent", "the context 8192", requests=1)


@case("B16-jsonerr", "an error as JSON under text/event-stream")
def jsonerr(shop: Workshop) -> str:
    prompt(shop, "jsonerr")
    return failed(shop, "permanent", "this key may not use this model", requests=1)


@case("B16-detail", "422 in FastAPI's words: stream_options are not permitted")
def detail422(shop: Workshop) -> str:
    prompt(shop, "detail422")
    return answered(shop, "fine", 2)


@case("B16-finish", "a whole answer whose last finish_reason is empty")
def finishempty(shop: Workshop) -> str:
    prompt(shop, "finishempty")
    return answered(shop, "A whole answer.", 1)


@case("B16-null", "half an answer, finish_reason \"null\", end of stream")
def nullcut(shop: Workshop) -> str:
    prompt(shop, "nullcut")
    return failed(shop, "temporary", requests=3)


@case("B17", "90 words, one a second", 200)
def slow(shop: Workshop) -> str:
    prompt(shop, "slow")
    return answered(shop, "word89", 1)


@case("B18", "no usage in any answer, limits: {tokens: 12000}")
def nousage(shop: Workshop) -> str:
    # Eight turns of 1.2 kB each, all sent again at each turn, need far more.
    agent(shop, "nousage", model=", parameters: {max_tokens: 1000}", limits="limits: {tokens: 12000}, ")
    job = ended(shop)
    right(job.state == "held" and 2 <= len(shop.requests) < 9, f"{job.state}, {len(shop.requests)} requests")
    shop.stop()
    return f"held as over budget after {len(shop.requests)} requests"


@case("B18-marked", "no usage in any answer, no limit")
def nousage_marked(shop: Workshop) -> str:
    agent(shop, "nousage")
    job = ended(shop)
    usage = job.result.get("usage", {})
    right(job.state == "done" and usage.get("estimated") is True and usage.get("output_tokens", 0) > 500, f"{usage}; {shop.picture}")
    return f"usage {usage}"


@case("B19", "a command without parameters at a server that is strict with schemas")
def strict_command(shop: Workshop) -> str:
    agent(shop, "strictschema", parameters="")
    return answered(shop, "the tool said:", 2)


def mcp_agent(shop: Workshop, shape: str) -> None:
    server = Path(__file__).parent / "servers/quirky_mcp_server.py"
    shop.make(f"""
models: {{default: {{provider: openai, base_url: "{shop.serve("quirky_model_server")}/strictschema/v1", model: stub}}}}
mcp_servers: {{s: {{command: [python3, {server}, {shape}], tools: {{regions: {{effect: read}}}}}}}}
workflows: {{w: {{steps: [{{id: a, agent: {{model: default, prompt: "{{{{input.text}}}}", tools: [s.regions]}}}}]}}}}
queues: {{default: {{workflow: w}}}}
""")


@case("B19-noargs", "an MCP tool whose schema has no properties")
def noargs(shop: Workshop) -> str:
    mcp_agent(shop, "noargs")
    return answered(shop, "the tool said: north south", 2)


@case("B19-null", "an MCP tool whose schema is null")
def nullschema(shop: Workshop) -> str:
    mcp_agent(shop, "nullschema")
    return answered(shop, "the tool said: north south", 2)


@case("B21", "a tool that answers 900 kB")
def huge_answer(shop: Workshop) -> str:
    agent(shop, "ctx", tool="#!/usr/bin/env python3\nprint('first line\\n' + 'row,value\\n' * 90_000 + 'last line')\n")
    seen = answered(shop, "the tool said: first line", 2)
    told = next(m["content"] for m in shop.requests[1]["body"]["messages"] if m["role"] == "tool")
    right("last line" in told and "artifacts/" in told, told[-300:])
    return seen


@case("C6", "HTTPS_PROXY and HTTP_PROXY set")
def proxy(shop: Workshop) -> str:
    import http.server
    asked: list[str] = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send_error(502)

        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_error(502)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    shop.make("""
models:
  default: {provider: openai, base_url: "https://models.invalid/v1", model: stub}
  plain: {provider: openai, base_url: "http://models.invalid/v1", model: stub}
workflows: {w: {retry: {attempts: 1}, steps: [{id: a, prompt: hi}]}, p: {retry: {attempts: 1}, steps: [{id: a, model: plain, prompt: hi}]}}
queues: {default: {workflow: w}, plain: {workflow: p}}
""")
    shop.start(environment={"HTTPS_PROXY": address, "HTTP_PROXY": address, "http_proxy": address})
    shop.drop("q.txt", "hi")
    shop.drop("p.txt", "hi", queue="plain")
    shop.until("the proxy was asked", lambda: any("models.invalid:443" in a for a in asked) and any(a.startswith("http://models.invalid/") or "models.invalid:80" in a for a in asked), 60)
    server.shutdown()
    return f"the proxy was asked for {sorted(set(asked))}"


@case("lane", "one request in ten answered 503 with Retry-After 1, 300 jobs", 180)
def busy(shop: Workshop) -> str:
    shop.make(f"""
models: {{default: {{provider: openai, base_url: "{shop.serve("busy_model_server")}/v1", model: m}}}}
workflows: {{w: {{retry: {{attempts: 5, initial: 500ms}}, steps: [{{id: a, prompt: "{{{{input.text}}}}"}}]}}}}
queues: {{default: {{workflow: w, concurrency: 16}}}}
""")
    for number in range(300):
        (shop.inbox() / f"q{number}.txt").write_text(f"question-{number}")
    drained = shop.run("run", "--drain", timeout=170)
    burnt = sum("is not asked for" in json.dumps(record) or "rests" in json.dumps(record) for job in shop.jobs() for record in job.records("step.failed"))
    right(drained.status == 0 and len(shop.jobs("done")) == 300 and burnt == 0,
          f"exit {drained.status}, {len(shop.jobs('done'))} done, {len(shop.jobs('failed'))} failed, {burnt} attempts burnt without a request")
    requests = (shop.directory / "busy_model_server/log").read_text().count("\n")
    return f"300 done with {requests} requests, no attempt burnt"


@case("quota", "ten requests, then one each two seconds, true Retry-After, 40 jobs", 240)
def quota(shop: Workshop) -> str:
    shop.make(f"""
models: {{default: {{provider: openai, base_url: "{shop.serve("quota_model_server")}/v1", model: m}}}}
queues: {{default: {{workflow: prompt, concurrency: 4}}}}
""")
    for number in range(40):
        (shop.inbox() / f"q{number}.txt").write_text(f"question-{number}")
    drained = shop.run("run", "--drain", timeout=230)
    requests = (shop.directory / "quota_model_server/log").read_text().count("\n")
    right(drained.status == 0 and len(shop.jobs("done")) == 40 and requests <= 52, f"{len(shop.jobs('done'))} done, {len(shop.jobs('failed'))} failed, {requests} requests")
    return f"40 done with {requests} requests"


for name, tried, wanted, requests in (
    ("parts", "content in the stream as a list of parts", "The first half, and the second.", 1),
    ("redirect", "307 to another path", "found after a redirect", 2),
    ("gzip", "gzip although not asked for", "packed", 1),
    ("large", "an answer over 16 MiB", "xxxx", 1),
    ("largewhole", "an answer over 16 MiB that is no stream", "xxxx", 1),
    ("donespaces", "[DONE] with spaces", "whole", 1),
    ("staysopen", "a stream that stays open after its [DONE]", "whole", 1),
    ("staysopenmute", "a stream that stays open after its last words, without [DONE]", "whole", 1),
    ("maxtokens", "max_tokens refused in favour of max_completion_tokens", "limit 64", 2),
    ("notemperature", "temperature refused", "at the default temperature", 2),
):
    def ask(shop: Workshop, name: str = name, wanted: str = wanted, requests: int = requests) -> str:
        prompt(shop, name, model=", parameters: {max_tokens: 64, temperature: 0}" if name in ("maxtokens", "notemperature") else "")
        started = time.monotonic()
        seen = answered(shop, wanted, requests)
        # What stays open must not be waited for; what is large may take a debug build long.
        right(not name.startswith("staysopen") or time.monotonic() - started < 40, "it took over 40 s")
        return seen

    case(name, tried)(ask)


@case("prefixed", "a tool called as functions.weather")
def prefixed(shop: Workshop) -> str:
    agent(shop, "prefixed")
    return answered(shop, "the tool said: mild in Paris", 2)


@case("textcall", "a call written as text")
def textcall(shop: Workshop) -> str:
    agent(shop, "textcall")
    job = ended(shop)
    right("mild in Paris" in str(job.output) or "text" in json.dumps(job.history), f"{job.output!r}; {shop.picture}")
    right("<tool_call>" not in str(job.output), job.output)
    return f"{job.state}: {job.output!r}"
