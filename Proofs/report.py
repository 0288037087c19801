"""Reports the results of the proofs: a line for each while they run, a table at the end, and docs/proof.md."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from workshop import PROJECT, program

_lock = threading.Lock()


@dataclass
class Result:
    """One proof of one promise: how many points were tried, and what failed at which."""

    part: str
    what: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    # What a reader should know about the figure: points that were not reached, what was skipped and why.
    note: str = ""
    skipped: bool = False

    @property
    def failed(self) -> int:
        return len(self.failures)


def say(text: str) -> None:
    """Prints a line that may come from any thread."""
    with _lock:
        print(text, flush=True)


def table(results: list[Result]) -> str:
    """The results, aligned for a terminal."""
    width = max(len(result.what) for result in results)
    lines = []
    part = None
    for result in results:
        if result.part != part:
            part = result.part
            lines.append(f"\n{part}")
        count = "skipped" if result.skipped else f"{result.tried:>7} tried {result.failed:>4} failed"
        lines.append(f"  {result.what:<{width}}  {count}{'  ' + result.note if result.note else ''}".rstrip())
    return "\n".join(lines[1:] if lines and not lines[0] else lines).lstrip("\n")


def markdown(results: list[Result], seed: int, command: str, seconds: float) -> str:
    """The report that is committed as docs/proof.md."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True)
    lines = [
        "# Proof", "",
        f"Tried by `{command}`. Seed {seed}; commit {commit.stdout.strip()}; {_machine()};",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}; {seconds / 60:.0f} minutes. ",
        "[reliability.md](reliability.md) says what is promised, and on which filesystems.", "",
    ]
    tried = sum(result.tried for result in results)
    lines += [f"**{tried:,} points tried, {sum(result.failed for result in results)} failed.**", ""]
    part = None
    for result in results:
        if result.part != part:
            part = result.part
            lines += ["", f"## {part}", "", "| what | tried | failed | |", "| --- | ---: | ---: | --- |"]
        tried_text, failed_text = ("skipped", "") if result.skipped else (f"{result.tried:,}", str(result.failed))
        lines.append(f"| {result.what} | {tried_text} | {failed_text} | {result.note} |")
    failures = [(result, failure) for result in results for failure in result.failures]
    if failures:
        lines += ["", "## What failed", ""]
        lines += [f"- {result.part}, {result.what}: {failure}" for result, failure in failures]
    return "\n".join(lines).replace(" \n", "\n") + "\n"


def _machine() -> str:
    build = "release" if "release" in str(program()) else "debug"
    return f"Linux {platform.release().partition('-')[0]} on {os.cpu_count()} cores, {build} build"


def finish(results: list[Result]) -> int:
    """Prints the table and every failure; the exit status."""
    print(f"\n{table(results)}")
    failures = [(result, failure) for result in results for failure in result.failures]
    for result, failure in failures:
        print(f"\n{result.part}, {result.what}:\n  {failure}", file=sys.stderr)
    print(f"\n{sum(result.tried for result in results):,} points tried, {len(failures)} failed")
    return 1 if failures else 0


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
