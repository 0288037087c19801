"""Reports the results of the proofs: a line for each while they run, tables at the end, and docs/proof.md.

Counts of unlike things are never added: the tally has a line for each kind of scenario, and the last line counts checks.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from workshop import PROJECT, program

_lock = threading.Lock()

# The kinds of scenarios, in the order of the tally, and what one of them is.
KINDS = {
    "crash points and pairs": "a run with kill -9 at one state-changing call; in a pair the next life is killed, too",
    "power cuts": "a disk that a power cut at some moment could have left, on which a daemon starts",
    "power cuts of a program without syncs": "a disk that a program left that syncs too little: some of them must have lost something",
    "failing calls": "a run in which one call fails, or all calls of its kind fail for some time",
    "broken disks": "a disk that fills up or turns read-only while jobs run",
    "removed directories": "a directory or a file of the spool that is removed under the daemon",
    "turned clocks": "a run in which the clock is set forward or back by hours, once or several times",
    "crowded inboxes": "an inbox with more files than inotify or the memory can hold",
    "hostile drops": "a drop that is no good job; the daemon rejects it, leaves it alone, or runs it in safety",
    "good jobs": "a job dropped among the hostile ones, which ends well",
    "forged jobs": "a directory of a job that the daemon did not make",
    "forged requests": "a file in control/ that no command made",
    "forged nodes": "a file in nodes/ that no daemon made",
    "files": "a file or directory that was there at the beginning and is there at the end",
    "commands": "a command of the operator on a terminal, in a spool full of hostile things",
    "hostile plays": "a play of all hostile things at once: before the daemon starts, or while it runs",
    "hostile places": "an index or an inbox that is not what it should be",
    "suspects": "a run in which the daemon dies again and again while steps run",
    "random kills": "kill -9 at a random moment",
    "long runs": "a daemon under load without a kill",
}


@dataclass
class Result:
    """One check: of one promise, in how many scenarios of one kind, and what failed in which."""

    part: str
    what: str
    # Of KINDS; it says what `tried` counts.
    kind: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    # What a reader should know about the figure: how large a scenario was, what was skipped and why.
    note: str = ""
    skipped: bool = False
    # Checks the scenarios of another row for something else: the tally leaves it out.
    again: bool = False

    @property
    def failed(self) -> int:
        return len(self.failures)

    @property
    def outcome(self) -> str:
        if self.failures:
            return "failed"
        return "skipped" if self.skipped else "good" if self.tried else "not tried"


def say(text: str) -> None:
    """Prints a line that may come from any thread."""
    with _lock:
        print(text, flush=True)


def table(results: list[Result]) -> str:
    """The results, aligned for a terminal."""
    width = max(len(result.what) for result in results)
    kind_width = max(len(result.kind) for result in results)
    lines = []
    part = None
    for result in results:
        if result.part != part:
            part = result.part
            lines.append(f"\n{part}")
        tried = "" if result.skipped else f"{result.tried:,}"
        outcome = f"{result.failed} failed" if result.failures else result.outcome
        line = f"  {result.what:<{width}}  {tried:>6} {result.kind:<{kind_width}}  {outcome:<9}  {result.note}"
        lines.append(line.rstrip())
    return "\n".join(lines[1:] if lines and not lines[0] else lines).lstrip("\n")


def tally(results: list[Result]) -> list[tuple[str, int, str]]:
    """How many scenarios of each kind were tried, and what one of them is; each counts once, however often checked."""
    counts = dict.fromkeys(KINDS, 0)
    for result in results:
        counts[result.kind] += 0 if result.again else result.tried
    return [(kind, counts[kind], meaning) for kind, meaning in KINDS.items() if counts[kind]]


def summary(results: list[Result]) -> str:
    """How many checks were good; a check is a row of the table."""
    count = Counter(result.outcome for result in results)
    parts = [f"{count['good']} good", f"{count['failed']} failed"]
    parts += [f"{count[outcome]} {outcome}" for outcome in ("skipped", "not tried") if count[outcome]]
    return f"{len(results)} checks: {', '.join(parts)}"


def markdown(results: list[Result], seed: int, command: str, seconds: float) -> str:
    """The report that is committed as docs/proof.md."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True)
    lines = [
        "# Proof", "",
        f"Tried by `{command}`. Seed {seed}; commit {commit.stdout.strip()}; {_machine()};",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}; {seconds / 60:.0f} minutes. ",
        "[reliability.md](reliability.md) says what is promised, and on which filesystems.", "",
    ]
    lines += [
        f"**{summary(results)}.**", "",
        "A check is a row of the tables below: one promise or one case, in so many scenarios of the kind that it names.",
        "Several checks may look at the same scenarios. Here each scenario counts once:", "",
        "| scenarios | kind | one of them is |", "| ---: | --- | --- |",
    ]
    lines += [f"| {count:,} | {kind} | {meaning} |" for kind, count, meaning in tally(results)]
    part = None
    for result in results:
        if result.part != part:
            part = result.part
            lines += ["", f"## {part}", "", "| check | scenarios | kind | failed | |", "| --- | ---: | --- | ---: | --- |"]
        tried_text, failed_text = ("skipped", "") if result.skipped else (f"{result.tried:,}", str(result.failed))
        lines.append(f"| {result.what} | {tried_text} | {result.kind} | {failed_text} | {result.note} |")
    failures = [(result, failure) for result in results for failure in result.failures]
    if failures:
        lines += ["", "## What failed", ""]
        lines += [f"- {result.part}, {result.what}: {failure}" for result, failure in failures]
    return "\n".join(lines).replace(" \n", "\n") + "\n"


def _machine() -> str:
    build = "release" if "release" in str(program()) else "debug"
    return f"Linux {platform.release().partition('-')[0]} on {os.cpu_count()} cores, {build} build"


def finish(results: list[Result]) -> int:
    """Prints the table, the tally and every failure; the exit status."""
    print(f"\n{table(results)}")
    print("\nScenarios, by kind")
    counted = tally(results)
    width = max((len(kind) for kind, _, _ in counted), default=0)
    for kind, count, meaning in counted:
        print(f"  {count:>6,} {kind:<{width}}  {meaning}")
    failures = [(result, failure) for result in results for failure in result.failures]
    for result, failure in failures:
        print(f"\n{result.part}, {result.what}:\n  {failure}", file=sys.stderr)
    print(f"\n{summary(results)}")
    return 1 if failures else 0


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
