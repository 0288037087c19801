"""One spool into which everything hostile is put at once, beside good jobs, and the checks afterwards."""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from spool import Spool

CONFIGURATION = """
models: {default: {provider: scripted, script: scripted-model.yaml}}
tools:
  note: {command: [tools/note], effect: write}
  echo: {command: [tools/echo], effect: read}
  endless: {command: [tools/endless], effect: read, timeout: 5s}
  complaints: {command: [tools/complaints], effect: read, timeout: 5s}
  binary: {command: [tools/binary], effect: read}
  control: {command: [tools/control], effect: read}
  deaf: {command: [tools/deaf], effect: read}
  parent: {command: [tools/parent], effect: read, timeout: 5s}
  stubborn: {command: [tools/stubborn], effect: read, timeout: 1s}
  litter: {command: [tools/litter], effect: read}
workflows:
  brief: {steps: [{id: note, tool: note}]}
  echo: {steps: [{id: echo, tool: echo, arguments: {text: "{{input.text}}"}}], output: "{{steps.echo.output}}"}
  asked: {steps: [{id: yes, approval: {message: Go on?}}, {id: note, tool: note}]}
  endless: {retry: {attempts: 1}, steps: [{id: call, tool: endless}]}
  complaints: {retry: {attempts: 1}, steps: [{id: call, tool: complaints}]}
  binary: {steps: [{id: call, tool: binary}]}
  control: {steps: [{id: call, tool: control}]}
  deaf: {steps: [{id: call, tool: deaf, arguments: {text: "{{input.text}}"}}]}
  parent: {retry: {attempts: 1}, steps: [{id: call, tool: parent}]}
  stubborn: {retry: {attempts: 1}, steps: [{id: call, tool: stubborn}]}
  litter: {steps: [{id: call, tool: litter}]}
  typed: {input: {type: object, properties: {n: {type: integer, maximum: 10}}}, steps: [{id: note, tool: note}]}
queues:
  default: {workflow: brief, concurrency: 8}
  texts: {workflow: echo, concurrency: 4}
  restricted: {workflow: brief, submitters: {users: [root]}}
workers: {stop_grace: 1s}
"""

TOOLS = {
    "note": '#!/bin/sh\necho "$AGENTSPOOL_IDEMPOTENCY_KEY" >> LEDGER\necho noted\n',
    "echo": "#!/bin/sh\ncat\n",
    "endless": "#!/bin/sh\nexec yes 'endless output'\n",
    "complaints": "#!/bin/sh\nyes 'endless complaint' >&2\n",
    "binary": "#!/bin/sh\nhead -c 100000 /dev/urandom\n",
    "control": "#!/bin/sh\nprintf '\\033]0;owned\\007\\033[2J\\302\\233 red' >&2\n"
               "printf '\\033[31mred\\033]8;;x\\007\\n'\nexit ${1:-0}\n",
    "deaf": "#!/bin/sh\nexec <&-\nsleep 0.2\necho deaf\n",
    "parent": "#!/bin/sh\nsleep 300 &\necho parent\n",
    "stubborn": "#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 1; done\n",
    "litter": '#!/bin/sh\nmkdir -p "$AGENTSPOOL_ARTIFACTS" && cd "$AGENTSPOOL_ARTIFACTS" || exit 1\n'
              "ln -s SECRET link\nmkfifo pipe\nln -s . self\nmkdir -p a/b\nprintf x > \"$(printf 'a\\nb')\"\necho littered\n",
}
STRANGER = 65534


def _without_id(name: str) -> str:
    """The name without the id that the submitter gave it, which the program uses for the job where it can."""
    return re.sub(r"^[0-7][0-9A-HJKMNP-TV-Z]{25}-", "", name)


@dataclass
class Hostile:
    """Something hostile: how it is put into the spool, and where it must end."""

    what: str
    name: bytes
    put: Callable[["Scene", Path], None]
    # done, failed, rejected; waits: it stays in its inbox; ends: done or rejected, but nothing else.
    becomes: str = "rejected"
    # What the reason says, as a regular expression.
    reason: str = ""
    queue: str = "default"
    # What the job's output must be.
    output: str | None = None

    @property
    def shown(self) -> str:
        """The name that the program gives it: fit for a directory's name and a terminal."""
        text = self.name.decode(errors="replace")
        text = "".join("_" if unicodedata.category(mark) == "Cc" or mark == "\ufffd" else mark for mark in text)
        return _without_id(text)


@dataclass
class Scene:
    """The spool, the secret that must not be read, and the writers beside it."""

    spool: Spool
    secret: Path
    canary: str
    drops: list[Hostile] = field(default_factory=list)
    # Descriptors that writers keep open, the writers' threads, and the event that ends them.
    open_files: list[int] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def root(self) -> Path:
        return self.spool.root

    def inbox(self, queue: str) -> bytes:
        return os.fsencode(self.root / "inbox" / queue)

    def go_on(self, body: Callable[[], None]) -> None:
        """Runs `body` in a thread of its own."""
        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        self.threads.append(thread)

    def put(self, drops: list[Hostile]) -> None:
        for drop in drops:
            self.drops.append(drop)
            drop.put(self, Path(os.fsdecode(self.inbox(drop.queue) + b"/" + drop.name)))

    def close(self) -> None:
        self.ending.set()
        for descriptor in self.open_files:
            os.close(descriptor)
        self.open_files = []
        for thread in self.threads:
            thread.join(10)

    # MARK: What became of a drop

    def fate(self, drop: Hostile, found: "Fates") -> str | None:
        """What is wrong with where the drop ended; None when nothing is."""
        name = drop.shown
        places = found.places.get(name) or (
            next((place for other, place in found.places.items() if len(name) > 200 and other[:150] == name[:150]), []))
        waiting = [entry for entry in os.listdir(self.inbox(drop.queue)) if entry.endswith(drop.name)]
        states = [state for state, _ in places]
        allowed = {"ends": ("done", "failed", "rejected"), "waits": ()}.get(drop.becomes, (drop.becomes,))
        if drop.becomes == "waits":
            return None if waiting and not states else f"it does not wait in its inbox; it lies in {states or 'no place'}"
        if len(states) != 1 or states[0] not in allowed:
            why = "; ".join(text for _, text in places)[:300]
            return f"it lies in {states or ('the inbox' if waiting else 'no place')}, not in {drop.becomes}/ {why}"
        reason = places[0][1]
        if drop.reason and not re.search(drop.reason, reason):
            return f"the reason does not say {drop.reason!r}: {reason[:300]!r}"
        if drop.output is not None and drop.output not in reason:
            return f"its output is {reason[:200]!r}, not {drop.output[:80]!r}"
        return None

    def is_settled(self) -> bool:
        if any(not job.path.name.endswith(("-forged", "-restored"))
               for job in self.spool.jobs("processing", "deferred")):
            return False
        found = Fates(self.spool)
        return all(drop.becomes == "waits" or found.places.get(drop.shown) or len(drop.shown) > 200
                   for drop in self.drops)


class Fates:
    """Where all drops ended, by their names: state, and reason or result."""

    def __init__(self, spool: Spool) -> None:
        self.places: dict[str, list[tuple[str, str]]] = {}
        for job in spool.jobs():
            if job.path.is_symlink() or not job.path.is_dir():
                continue
            text = ""
            for name in ("error.txt", "result.json"):
                path = job.path / name
                text += path.read_text(errors="replace") if path.is_file() and not path.is_symlink() else ""
            self.places.setdefault(_without_id(job.name), []).append((job.state, text))
        for day in (spool.root / "rejected").iterdir():
            for note in os.scandir(day):
                if not note.name.endswith(".reason.txt") or not note.is_file(follow_symlinks=False):
                    continue
                name = note.name.removesuffix(".reason.txt")
                if not os.path.lexists(day / name):
                    continue
                self.places.setdefault(_without_id(name[27:]), []).append(("rejected", Path(note).read_text(errors="replace")))


def good(what: str, name: str | bytes, text: str | bytes = b"text", queue: str = "default", **more) -> Hostile:
    """A drop that is strange but valid, and must be done."""
    return hostile(what, name, text, "done", "", queue, **more)


def hostile(what: str, name: str | bytes, text: str | bytes | Callable[[], bytes], becomes: str = "rejected",
            reason: str = "", queue: str = "default", **more) -> Hostile:
    """A plain file with these bytes."""
    def put(scene: Scene, path: Path) -> None:
        data = text() if callable(text) else text
        aside = scene.root / "tmp" / "aside"
        aside.write_bytes(data if isinstance(data, bytes) else data.encode())
        aside.rename(path)
    return Hostile(what, name if isinstance(name, bytes) else name.encode(), put, becomes, reason, queue, **more)
