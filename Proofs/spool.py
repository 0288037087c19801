"""A spool under proof, and the daemons that work on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

import history
from workshop import program

NODE = "proof"


class Broken(AssertionError):
    """A promise that was not kept, as a sentence."""


@dataclass(frozen=True)
class Job:
    """A job directory, where it lies now."""

    id: str
    name: str
    state: str
    path: Path

    @property
    def history(self) -> history.History:
        return history.read(self.path / "history.jsonl")


class Spool:
    """One spool in a directory: its files, its programs, and its daemon.

    What belongs to the proof and not to the spool (the log, the ledger of the tools) lies in `aside`.
    """

    def __init__(self, root: Path, aside: Path, environment: dict[str, str] | None = None) -> None:
        self.root, self.aside = root, aside
        self.environment = environment or {}
        self.log = aside / "daemon.log"
        self.ledger = aside / "ledger"
        self.ledger.touch()
        self._daemon: subprocess.Popen[bytes] | None = None
        self._lives = 0

    # MARK: Programs

    def run(self, *arguments: str, input: str = "", timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """Runs one command of the program on this spool."""
        return subprocess.run([program(), *arguments, "--spool", self.root], input=input, text=True,
                              capture_output=True, timeout=timeout, cwd=self.aside)

    def start(self, *arguments: str, node: str = NODE, environment: dict[str, str] | None = None) -> None:
        """Starts a daemon; returns at once."""
        self._lives += 1
        with self.log.open("ab") as log:
            log.write(f"== life {self._lives}\n".encode())
            log.flush()
            self._daemon = subprocess.Popen(
                [program(), "run", "--spool", self.root, "--node", node, *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.aside,
                env={**os.environ, **self.environment, **(environment or {})},
            )

    @property
    def is_running(self) -> bool:
        return self._daemon is not None and self._daemon.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether the daemon has taken over what was left and takes jobs."""
        return " ready\n" in self.last_log

    @property
    def pid(self) -> int:
        return self._daemon.pid if self._daemon else 0

    @property
    def exit_status(self) -> int | None:
        """Of the daemon that was started last: None while it runs, negative for the signal that ended it."""
        return self._daemon.poll() if self._daemon else None

    def kill(self) -> None:
        """kill -9, and gone when it returns."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()

    def stop(self, patience: float = 20) -> int:
        """Stops the daemon as an administrator does; its exit status."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGTERM)
        try:
            return self._daemon.wait(patience)
        except subprocess.TimeoutExpired:
            raise Broken(f"the daemon did not stop within {patience} s") from None

    @property
    def last_log(self) -> str:
        """What the daemon that was started last has said."""
        return self.log.read_text(errors="replace").rpartition("== life ")[2].partition("\n")[2]

    # MARK: Files

    def write(self, name: str, text: str) -> None:
        """Writes a file of the spool; one that begins with #! becomes a program."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if text.startswith("#!"):
            path.chmod(0o755)

    def drop(self, name: str, text: str | bytes, queue: str = "default") -> None:
        """Drops a file in the way that the docs advise: written in tmp/, then renamed."""
        aside = self.root / "tmp" / name
        aside.write_bytes(text.encode() if isinstance(text, str) else text)
        aside.rename(self.root / "inbox" / queue / name)

    def jobs(self, *states: str) -> Iterator[Job]:
        """Every job directory, where it lies at this moment."""
        for state in states or ("processing", "deferred", "held", "done", "failed"):
            parents = [self.root / state] if state in ("deferred", "held") else _entries(self.root / state)
            for parent in parents:
                for path in _entries(parent):
                    name = path.name.partition(".")[2] if state == "deferred" else path.name
                    yield Job(name[:26], name[27:], state, path)

    def rejections(self) -> dict[str, str]:
        """The names of rejected drops, without their ids, and why."""
        notes = [note for day in _entries(self.root / "rejected") for note in day.glob("*.reason.txt")
                 # A note is written before its drop is moved there.
                 if os.path.lexists(day / note.name.removesuffix(".reason.txt"))]
        return {note.name[27:].removesuffix(".reason.txt"): note.read_text(errors="replace") for note in notes}

    def requests(self) -> list[str]:
        """Requests that the daemon has not settled, without those that were not written to their end."""
        return sorted(path.name for path in _entries(self.root / "control"))

    def ledger_lines(self) -> list[str]:
        """What the tools really did: one line `TOOL KEY` for each run."""
        return self.ledger.read_text().splitlines()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def _entries(directory: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(directory) if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []


def until(is_met: Callable[[], object], what: str, patience: float = 30, pause: float = 0.005) -> None:
    """Waits for an event by looking again and again."""
    end = time.monotonic() + patience
    while not is_met():
        if time.monotonic() > end:
            raise Broken(f"{what} did not come to pass within {patience:g} s")
        time.sleep(pause)


def json_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines() if line]
