"""Hostile documents and hostile tools."""

from __future__ import annotations

import json

from hostile_scene import Hostile, good, hostile

DEEP = 100_000


def _bomb() -> str:
    """A billion laughs: nine levels of ten aliases each."""
    lines = ['a0: &a0 ["lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol"]']
    for level in range(1, 10):
        lines.append(f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]")
    return "\n".join(["input:"] + ["  " + line for line in lines]) + "\n"


DOCUMENTS = [
    hostile("JSON that is 100,000 levels deep", "json-deep.json", '{"input":' + "[" * DEEP + "]" * DEEP + "}", reason="deep|nest|level"),
    hostile("JSON objects that are 100,000 levels deep", "json-deep-objects.json", '{"input":' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
            reason="deep|nest|level"),
    hostile("JSON that never closes", "json-open.json", "[" * 1_000_000),
    hostile("a batch of which one line is 100,000 levels deep", "batch-deep.jsonl", '{"a": 1}\n' + "[" * DEEP + "\n", "ends"),
    hostile("a batch of binary lines", "batch-binary.jsonl", bytes(range(256)) * 100, reason="no text"),
    hostile("a batch of one line of 20 MB", "batch-long.jsonl", lambda: b'{"text": "' + b"x" * 20_000_000 + b'"}\n', reason="bytes"),
    hostile("a batch that opens a million brackets", "batch-open.jsonl", "[" * 1_000_000, reason="JSON"),
    hostile("a batch in UTF-16 that was cut", "batch-cut.jsonl", '{"a": 1}\n'.encode("utf-16")[:-1], reason="cut"),
    hostile("a batch whose names are each other's", "batch-same.jsonl", '{"custom_id": "a", "params": {}}\n' * 3, "ends"),
    hostile("a document of 17 MB", "json-huge.json", lambda: b'{"input": "' + b"x" * 17_000_000 + b'"}', reason="bytes"),
    hostile("a document of a million numbers", "json-numbers.json",
            lambda: b'{"input": [' + b"1," * 1_000_000 + b"1]}", "ends"),
    hostile("keys twice", "json-twice.json", '{"workflow": "brief", "workflow": "echo"}', reason="twice|duplicate"),
    hostile("NaN", "json-nan.json", '{"input": NaN}', reason="JSON"),
    hostile("Infinity", "json-infinity.json", '{"input": -Infinity}', reason="JSON"),
    hostile("a number beyond any", "json-1e999999.json", '{"input": 1e999999}', "ends"),
    hostile("a number of a million digits", "json-digits.json", '{"input": ' + "9" * 1_000_000 + "}", "ends"),
    hostile("a number where a smaller one is wanted", "json-typed.json", '{"workflow": "typed", "input": {"n": 1e308}}', reason="schema"),
    hostile("half a surrogate", "json-surrogate.json", '{"input": "\\ud800"}', "ends"),
    hostile("NUL in a text", "json-nul.json", '{"input": {"text": "a\\u0000b"}}', "ends"),
    hostile("NUL in the document", "json-raw-nul.json", b'{"input":\0 1}'),
    hostile("bytes that are no UTF-8", "json-bytes.json", b'{"input": "\xff\xfe"}', reason="UTF-8|valid"),
    hostile("UTF-16", "json-utf16.json", '{"input": 1}'.encode("utf-16"), "ends"),
    hostile("an empty document", "json-empty.json", b"", reason="."),
    hostile("members that are not known", "json-members.json", '{"__proto__": {}, "command": ["touch", "owned"]}', reason="__proto__|command"),
    hostile("a workflow that writes to a terminal", "json-control.json", '{"workflow": "\\u001b[2Jx\\u009b"}', reason="workflow"),
    hostile("a name of a workflow that is long", "json-long-name.json", json.dumps({"workflow": "w" * 1_000_000}), reason="workflow"),
    hostile("a deadline that is over at once", "json-deadline.json", '{"deadline": "1ms", "workflow": "brief"}', "failed"),
    hostile("times beyond any calendar", "json-times.json", '{"run_after": "999999999999999999d"}', reason="run_after"),
    hostile("a priority beyond any", "json-priority.json", '{"priority": 99999999999999999999}', reason="priority"),
    hostile("a YAML bomb of a billion", "yaml-bomb.yaml", _bomb(), reason="."),
    hostile("a YAML anchor in itself", "yaml-cycle.yaml", "input: &a [*a]\n", reason="."),
    hostile("YAML anchors in each other", "yaml-cycles.yaml", "input: &a\n  b: &b {a: *a}\n  c: *b\n", reason="."),
    hostile("a YAML merge of itself", "yaml-merge.yaml", "input: &a\n  <<: *a\n", "ends"),
    hostile("YAML that makes objects", "yaml-tag.yaml", "input: !!python/object/apply:os.system ['touch owned']\n", "ends"),
    hostile("YAML that is 100,000 levels deep", "yaml-deep.yaml", "input: " + "[" * DEEP + "]" * DEEP, reason="."),
    hostile("YAML blocks that are 2,000 levels deep", "yaml-blocks.yaml",
            "input:\n" + "".join(" " * level + "a:\n" for level in range(1, 2_000)), "ends"),
    hostile("YAML with a number of a million digits", "yaml-digits.yaml", "input: " + "9" * 1_000_000, "ends"),
    hostile("YAML with numbers of another base", "yaml-base.yaml", "input: [0x" + "f" * 10_000 + ", .inf, .nan, 1e999999]\n", "ends"),
    hostile("two YAML documents", "yaml-two.yaml", "input: 1\n---\nworkflow: asked\n", "ends"),
    hostile("YAML of a hundred thousand anchors", "yaml-anchors.yaml",
            lambda: ("input:\n" + "".join(f"  - &a{number} x\n" for number in range(100_000))).encode(), "ends"),
    good("a text that is a template of itself", "text-template.txt", "{{input.text}}{{#input}}{{input.text}}{{/input}}", "texts",
         output="{{input.text}}{{#input}}{{input.text}}{{/input}}"),
    good("a text that opens a thousand sections", "text-sections.txt", "{{#a}}" * 1_000, "texts"),
    good("a text that writes to a terminal", "text-control.txt", "\x1b]0;owned\x07\x1b[2J\u009b31m", "texts"),
    good("a text of bytes that are none", "text-binary.bin", bytes(range(256)) * 50),
]

TOOLS = [
    hostile("a tool whose output never ends", "tool-endless.json", '{"workflow": "endless"}', "failed", "output|bytes|KB|MB"),
    hostile("a tool that complains for ever", "tool-complaints.json", '{"workflow": "complaints"}', "failed", "."),
    hostile("a tool with binary output", "tool-binary.json", '{"workflow": "binary"}', "ends"),
    hostile("a tool whose output writes to a terminal", "tool-control.json", '{"workflow": "control"}', "done"),
    hostile("a tool that closes its input at once", "tool-deaf.json",
            lambda: json.dumps({"workflow": "deaf", "input": {"text": "x" * 1_000_000}}).encode(), "done"),
    hostile("a tool whose child keeps its output open", "tool-parent.json", '{"workflow": "parent"}', "ends"),
    hostile("a tool that cannot be asked to stop", "tool-stubborn.json", '{"workflow": "stubborn"}', "failed", "."),
    hostile("a tool that leaves links and pipes as its artifacts", "tool-litter.json", '{"workflow": "litter"}', "done"),
]


def good_jobs(count: int) -> list[Hostile]:
    """Ordinary jobs."""
    return [good("a good job", f"good-{number}.txt", f"good {number}") for number in range(count)]
