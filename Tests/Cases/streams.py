"""Answers that are cut, emptied and reordered, at every byte: no incomplete one ends as done without a mark."""

from __future__ import annotations

import json

from servers.broken_stream_server import ANSWERS, TEXT
from workshop import Workshop, case, right

ECHO = "#!/usr/bin/env python3\nimport json, sys\nprint('echo: ' + str(json.load(sys.stdin).get('text')))\n"
# A line's output from the whole answer.
WHOLE = {"text": TEXT, "body": TEXT, "tool": "echo: all of it"}


def questions(dialect: str) -> list[tuple[str, str, int]]:
    asked = []
    for shape, events in ANSWERS[dialect].items():
        size = len("".join(events).encode())
        asked += [(shape, "cut", place) for place in range(size)]
        asked += [(shape, "empty", 0), (shape, "whole", 0)]
        if shape != "body":
            asked += [(shape, "closed", place) for place in range(size)]
            asked += [(shape, "swap", place) for place in range(len(events) - 1)]
    return asked


def is_whole(shape: str, kind: str, output: object) -> bool:
    """A swap may change the order of words, which no stream shows; it must not lose any."""
    if kind == "swap" and shape == "text":
        return isinstance(output, str) and sorted(output) == sorted(TEXT)
    # Incomplete arguments are not a call: the model gets an error, and answers that it has no result.
    return output == WHOLE[shape] or shape == "tool" and output == "no result"


def fuzz(shop: Workshop, dialect: str) -> str:
    address = shop.serve("broken_stream_server")
    path = "/openai/v1" if dialect == "openai" else "/anthropic"
    shop.make(f"""
models: {{default: {{provider: {dialect}, base_url: "{address}{path}", model: m}}}}
tools: {{echo: {{command: [tools/echo], effect: read, parameters: {{type: object, properties: {{text: {{type: string}}}}, required: [text]}}}}}}
workflows:
  text: {{retry: {{attempts: 1}}, steps: [{{id: a, prompt: "{{{{input.q}}}}"}}]}}
  tool: {{retry: {{attempts: 1}}, steps: [{{id: a, agent: {{model: default, prompt: "{{{{input.q}}}}", tools: [echo], max_turns: 3}}}}]}}
queues: {{default: {{workflow: text, concurrency: 8}}, tool: {{workflow: tool, concurrency: 8}}}}
""", echo=ECHO)
    shop.start()
    asked = questions(dialect)
    for queue in ("default", "tool"):
        lines = [question for question in asked if (question[0] == "tool") == (queue == "tool")]
        shop.drop(f"{queue}.jsonl", "".join(json.dumps({"q": " ".join(map(str, question))}) + "\n" for question in lines), queue)
    shop.until_ended(2)
    done, failed = 0, 0
    for job in shop.jobs("done", "failed"):
        lines = [question for question in asked if (question[0] == "tool") == job.path.name.endswith("tool.jsonl")]
        for record in job.records("step.completed"):
            if record.get("kind") != "line":
                continue
            shape, kind, place = lines[int(record["step"].split("/")[1].split("-")[-1]) - 1]
            output = record.get("output")
            right(is_whole(shape, kind, output) or "truncated" in json.dumps(record), f"{dialect} {shape} {kind} {place} is done with {output!r}")
            done += 1
        failed += sum(record.get("kind") == "line" for record in job.records("step.failed"))
    right(done + failed == len(asked), f"{done} done and {failed} failed of {len(asked)}")
    return f"{len(asked)} answers: {done} done, all whole; {failed} failed"


@case("fuzz-openai", "a stream cut, emptied, reordered at every byte: openai", 400)
def openai(shop: Workshop) -> str:
    return fuzz(shop, "openai")


@case("fuzz-anthropic", "a stream cut, emptied, reordered at every byte: anthropic", 400)
def anthropic(shop: Workshop) -> str:
    return fuzz(shop, "anthropic")
