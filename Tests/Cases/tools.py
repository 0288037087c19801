"""Tools, MCP servers and values."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from drops import SCRIPTED
from workshop import Skipped, Workshop, case, right

SERVERS = Path(__file__).parent / "servers"


def says(shop: Workshop, program: str, more: str = "") -> None:
    """A spool whose workflow runs one tool without arguments."""
    shop.make(f"""
models: {{default: {{provider: scripted, script: scripted-model.yaml}}}}
tools: {{say: {{command: [tools/say], effect: read{more}}}}}
workflows: {{w: {{retry: {{attempts: 2, initial: 100ms}}, steps: [{{id: a, tool: say, arguments: {{}}}}]}}}}
queues: {{default: {{workflow: w}}}}
""", say=program)


@case("B20", "an MCP server that needs 25 s to start and talks", 150)
def slow_start(shop: Workshop) -> str:
    shop.make(f"""
models: {{default: {{provider: scripted, script: scripted-model.yaml}}}}
mcp_servers: {{slow: {{command: [python3, {SERVERS}/quirky_mcp_server.py, slowstart, "25"], tools: {{regions: {{effect: read}}}}}}}}
workflows: {{w: {{steps: [{{id: a, tool: slow.regions, arguments: {{}}}}]}}}}
queues: {{default: {{workflow: w}}}}
""")
    shop.start()
    shop.drop("q.txt", "go")
    time.sleep(12)
    waiting = [shop.run("list").out, shop.run("status").out, shop.run("list", "--json").out]
    shop.until_ended(1)
    job = shop.jobs()[0]
    right(job.state == "done" and "north south" in json.dumps(job.output), shop.picture)
    right(all("slow" in text and "start_timeout" in text for text in waiting), waiting)
    return f"done; meanwhile list said: {waiting[0].splitlines()[-1]}"


@case("C2", "an MCP call of 40 s that reports progress", 150)
def progress(shop: Workshop) -> str:
    shop.make(f"""
models: {{default: {{provider: scripted, script: scripted-model.yaml}}}}
mcp_servers: {{s: {{command: [python3, {SERVERS}/quirky_mcp_server.py, progress, "40"], tools: {{regions: {{effect: write}}}}}}}}
workflows: {{w: {{steps: [{{id: a, tool: s.regions, arguments: {{}}}}]}}}}
queues: {{default: {{workflow: w}}}}
""")
    shop.start()
    shop.drop("q.txt", "go")
    shop.until_ended(1)
    right(shop.jobs()[0].state == "done", shop.picture)
    return f"done: {shop.jobs()[0].output!r}"


@case("mcp-shapes", "odd shapes of an MCP server's answers", 120)
def shapes(shop: Workshop) -> str:
    names = ["plain", "error-null", "empty-cursor", "no-version", "string-id"]
    servers = "\n".join(f"  {name}: {{command: [python3, {SERVERS}/odd_mcp_server.py, {name}], timeout: 3s, start_timeout: 6s, tools: {{do: {{effect: write}}}}}}" for name in names)
    flows = "\n".join(f"  {name}: {{steps: [{{id: a, tool: {name}.do, arguments: {{x: y}}}}]}}" for name in names)
    shop.make(f"models: {{default: {{provider: scripted, script: scripted-model.yaml}}}}\nmcp_servers:\n{servers}\nworkflows:\n{flows}\nqueues: {{default: {{workflow: plain}}}}\n")
    shop.start()
    for name in names:
        shop.drop(f"{name}.json", json.dumps({"workflow": name, "input": {}}))
    shop.until_ended(len(names), 60)
    states = {job.path.name[27:-5]: job.state for job in shop.jobs()}
    right(all(states[name] == "done" for name in names), f"{states} {shop.picture}")
    return f"{states}"


@case("mcp-shared", "an answer of 20 MB beside three writes of the same server")
def shared_server(shop: Workshop) -> str:
    shop.make(f"""
models: {{default: {{provider: scripted, script: scripted-model.yaml}}}}
mcp_servers: {{s: {{command: [python3, {SERVERS}/shared_mcp_server.py], tools: {{big: {{effect: read}}, slow: {{effect: write}}}}}}}}
workflows:
  big: {{retry: {{attempts: 3, initial: 200ms}}, steps: [{{id: a, tool: s.big}}]}}
  slow: {{steps: [{{id: a, tool: s.slow}}]}}
queues: {{default: {{workflow: slow}}}}
""")
    shop.start()
    for number in range(3):
        shop.drop(f"slow{number}.json", '{"workflow": "slow", "input": {}}')
    time.sleep(2)
    shop.drop("big.json", '{"workflow": "big", "input": {}}')
    shop.until_ended(4, 60)
    states = {job.path.name[27:-5]: job.state for job in shop.jobs()}
    right(states == {"slow0": "done", "slow1": "done", "slow2": "done", "big": "failed"}, f"{states} {shop.picture}")
    return next(job.error for job in shop.jobs("failed"))


@case("B22-tool", "a tool prints 3.10, 12345678901234567890, 007")
def bare_words(shop: Workshop) -> str:
    seen = []
    shop.make("""
models: {default: {provider: scripted, script: scripted-model.yaml}}
tools:
  say: {command: [tools/say], effect: read, parameters: {type: object}}
workflows:
  w:
    steps:
      - {id: a, tool: say, arguments: {word: "{{input.text}}"}}
      - {id: b, tool: say, arguments: {word: "{{steps.a.output}}"}}
queues: {default: {workflow: w}}
""", say="#!/usr/bin/env python3\nimport json, sys\nw = json.loads(sys.stdin.read(), parse_float=str, parse_int=str)['word']\nprint(w if isinstance(w, str) else json.dumps(w))\n")
    shop.start()
    words = ["3.10", "12345678901234567890", "007", "1e400", "0.1000"]
    for number, word in enumerate(words):
        shop.drop(f"w{number}.txt", word)
    shop.until_ended(len(words))
    for number, word in enumerate(words):
        job = next(job for job in shop.jobs() if f"w{number}.txt" in job.path.name)
        result = (job.path / "result.json").read_text()
        right(job.state == "done" and word in result, f"{word}: {result[:300]}")
        seen.append(word)
    return f"kept: {seen}"


@case("B22-input", "--input version=3.10 and --input id=12345678901234567890")
def input_values(shop: Workshop) -> str:
    shop.make(SCRIPTED + "queues: {default: {workflow: echo}}\n", echo="#!/bin/sh\ncat\n")
    shop.start()
    for word in ("3.10", "12345678901234567890", "1e3"):
        done = shop.run("submit", "--input", f"text={word}", "--wait")
        right(word in done.out, f"{word}: {done.all}")
    return "kept"


@case("B22-document", "3.10 and a long id in YAML and JSON documents")
def document_values(shop: Workshop) -> str:
    shop.make(SCRIPTED + "queues: {default: {workflow: echo}}\n", echo="#!/bin/sh\ncat\n")
    (shop.spool / "agentspool.yaml").write_text("""
models: {default: {provider: scripted, script: scripted-model.yaml}}
tools: {echo: {command: [tools/echo], effect: read, parameters: {type: object}}}
workflows: {echo: {steps: [{id: say, tool: echo, arguments: "{{input}}"}]}}
queues: {default: {workflow: echo}}
""")
    shop.start()
    shop.drop("a.yaml", "input: {version: 3.10, id: 12345678901234567890, big: 123456789012345678901234567890}\n")
    shop.drop("b.json", '{"input": {"version": 3.10, "id": 12345678901234567890, "fine": 0.1}}')
    shop.until_ended(2)
    texts = " ".join((job.path / "result.json").read_text() for job in shop.jobs("done")) + shop.reasons
    right("3.10" in texts or "3.1" in texts, texts)
    right("12345678901234567890" in texts and "1.2345678901234567e" not in texts and "1.2345678901234568e" not in texts, texts[:400])
    return f"{len(shop.jobs('done'))} done, {len(shop.rejected)} rejected; digits kept"


@case("B23", "a path below $AGENTSPOOL_ARTIFACTS, then an approval")
def artifact_path(shop: Workshop) -> str:
    shop.make("""
models: {default: {provider: scripted, script: scripted-model.yaml}}
tools:
  make: {command: [tools/make], effect: read, parameters: {type: object}}
  read: {command: [tools/read], effect: read, parameters: {type: object}}
workflows:
  w:
    steps:
      - {id: a, tool: make, arguments: {}}
      - {id: ok, approval: {message: "Go on?"}}
      - {id: b, tool: read, arguments: {file: "{{steps.a.output}}"}}
queues: {default: {workflow: w}}
""", make="#!/bin/sh\necho the report >\"$AGENTSPOOL_ARTIFACTS/report.txt\"\necho \"$AGENTSPOOL_ARTIFACTS/report.txt\"\n",
         read="#!/usr/bin/env python3\nimport json, sys\nprint('read: ' + open(json.load(sys.stdin)['file']).read())\n")
    shop.start()
    shop.drop("q.txt", "go")
    shop.until("it is held", lambda: shop.jobs("held"))
    held = shop.jobs("held")[0]
    approved = shop.run("approve", held.id)
    right(approved.status == 0, approved.all)
    shop.until("it has ended", lambda: shop.jobs("done", "failed"))
    job = shop.jobs()[0]
    right(job.state == "done" and "read: the report" in str(job.output), f"{job.output} {shop.picture}")
    recorded = json.dumps([r for r in job.history if r.get("step") == "a"])
    right("processing/" not in recorded, recorded[-400:])
    return f"done: {job.output!r}"


@case("B24", "YAML merge keys in a job")
def merge_keys(shop: Workshop) -> str:
    shop.make(SCRIPTED.replace('arguments: {text: "{{input.text}}"}', 'arguments: "{{input.order}}"') + "queues: {default: {workflow: echo}}\n", echo="#!/bin/sh\ncat\n")
    shop.start()
    shop.drop("m.yaml", "input:\n  base: &base {city: Oslo, text: low}\n  order:\n    <<: *base\n    text: high\n")
    shop.until_ended(1)
    if shop.rejected:
        right("line" in shop.reasons and "<<" in shop.reasons, shop.reasons)
        return f"rejected: {shop.reasons}"
    output = shop.jobs()[0].output
    right(output == {"city": "Oslo", "text": "high"}, f"{output} {shop.picture}")
    return f"merged: {output}"
