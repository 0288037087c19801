"""A spool with simple workflows, for cases in which something around the daemon is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterable, Iterator

from cases import expect
from promises import history_faults
from spool import Broken, Spool, until
from workshop import program, room

CONFIGURATION = """
models: {default: {provider: scripted, script: scripted-model.yaml}}
tools:
  note: {command: [tools/note], effect: write}
  gate: {command: [tools/gate], effect: read}
  busy: {command: [tools/busy], effect: read}
workflows:
  brief: {steps: [{id: note, tool: note}]}
  quick: {steps: [{id: answer, prompt: "{{job.name}}"}]}
  gated: {steps: [{id: gate, tool: gate}, {id: answer, prompt: "{{steps.gate.output}}"}]}
  asked: {steps: [{id: yes, approval: {message: Go on?, expires: 2h}}, {id: note, tool: note}]}
  retried: {retry: {attempts: 3, initial: 2h, factor: 1, max: 2h}, steps: [{id: busy, tool: busy}]}
queues:
  default: {workflow: brief, concurrency: 8}
  quick: {workflow: quick, concurrency: 8}
  other: {workflow: brief, concurrency: 2}
workers: {stop_grace: 1s}
"""

TOOLS = {
    "note": '#!/bin/sh\necho "$AGENTSPOOL_IDEMPOTENCY_KEY" >> LEDGER\necho noted\n',
    "gate": "#!/bin/sh\nwhile [ -d ASIDE ] && [ ! -e ASIDE/open ]; do sleep 0.1; done\necho passed\n",
    "busy": "#!/bin/sh\n[ -e ASIDE/free ] || exit 75\necho done\n",
}


def prepare(root: Path, aside: Path, configuration: str = CONFIGURATION, tools: dict[str, str] = TOOLS) -> Spool:
    """A new spool in `root`, with its log and its ledger in `aside`."""
    made = subprocess.run([program(), "init", root], capture_output=True, text=True)
    if made.returncode:
        raise Broken(f"init failed: {made.stderr}")
    spool = Spool(root, aside)
    spool.write("agentspool.yaml", configuration)
    spool.write("scripted-model.yaml", "- {reply: done}\n")
    for name, text in tools.items():
        spool.write(f"tools/{name}", text.replace("LEDGER", str(spool.ledger)).replace("ASIDE", str(aside)))
    return spool


@contextmanager
def plain_spool(mounted: Path | None = None, **how: object) -> Iterator[Spool]:
    """A spool, on `mounted` or on the filesystem of $TMPDIR, whose daemon is ended and which is removed at the end."""
    aside = room()
    spool = None
    try:
        spool = prepare((mounted or aside) / "spool", aside, **how)
        yield spool
    except Broken as fault:
        said = spool.last_log[-800:] if spool and spool.log.exists() else ""
        raise Broken(f"{fault}\n  log: {said}") from None
    finally:
        if spool:
            spool.kill()
        shutil.rmtree(aside, ignore_errors=True)


def start(spool: Spool, **environment: str) -> None:
    """Starts the daemon and waits until it takes jobs."""
    spool.start(environment=environment)
    until(lambda: " ready" in spool.last_log or not spool.is_running, "the daemon's start")
    expect(spool.is_running, f"the daemon ended with {spool.exit_status} as it started")


class Log:
    """What the daemon says from now on."""

    def __init__(self, spool: Spool) -> None:
        self._path = spool.log
        self._begin = spool.log.stat().st_size

    def lines(self, *levels: str) -> list[str]:
        """The lines of some levels, or all, without their times."""
        text = self._path.read_bytes()[self._begin:].decode(errors="replace")
        lines = [line.split(" ", 1)[1] for line in text.splitlines() if re.match(r"\d{4}-\d\d-\d\dT", line)]
        return [line for line in lines if not levels or line.split(" ", 1)[0] in levels]

    @property
    def troubles(self) -> list[str]:
        return self.lines("error", "critical", "warning")


def until_done(spool: Spool, names: Iterable[str], patience: float = 30, state: str = "done") -> None:
    """Waits until a job of each of these names lies in `done/`, or in another state."""
    missing = set(names)

    def are_there() -> bool:
        nonlocal missing
        missing = missing - {job.name for job in spool.jobs(state) if (job.path / "result.json").exists()}
        return not missing

    try:
        until(are_there, "", patience, 0.05)
    except Broken:
        raise Broken(f"after {patience:g} s not in {state}/: {sorted(missing)[:5]} ({len(missing)} in all)") from None


def inbox(spool: Spool, queue: str = "default") -> list[str]:
    """The names in an inbox, without the ids of drops that the daemon put back."""
    return [re.sub(r"^[0-9A-HJKMNP-TV-Z]{26}-", "", name) for name in os.listdir(spool.root / "inbox" / queue)]


def check_whole(spool: Spool, names: Iterable[str], state: str = "done") -> None:
    """Stops the daemon; checks that each of these jobs is there once, and that nothing is wrong with the spool."""
    status = spool.stop()
    expect(status == 0, f"the daemon stopped with {status}")
    jobs = list(spool.jobs())
    for name in names:
        found = [job for job in jobs if job.name == name]
        expect(len(found) == 1 and found[0].state == state, f"{name} lies in {[job.state for job in found]}")
    faults = [f"{job.name}: {fault}" for job in jobs for fault in history_faults(job)]
    expect(not faults, f"a history is not whole: {faults}")
    ledger = spool.ledger_lines()
    twice = {line for line in ledger if ledger.count(line) > 1} if len(ledger) < 2000 else set()
    expect(not twice, f"a write ran twice: {twice}")
    verified = spool.run("verify", timeout=120)
    expect(verified.returncode == 0, f"verify finds: {verified.stdout}{verified.stderr}")


def busy_seconds(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check_rest(spool: Spool, look: float = 1.0, patience: float = 10) -> None:
    """Checks that a daemon with nothing to do uses no processor time."""
    end = time.monotonic() + patience
    while True:
        before = busy_seconds(spool.pid)
        time.sleep(look)
        used = busy_seconds(spool.pid) - before
        if used <= 0.05 * look:
            return
        expect(time.monotonic() < end, f"the daemon has nothing to do and uses {used / look:.0%} of a processor")


def peak_megabytes(spool: Spool) -> int:
    """The most memory that the daemon had at once."""
    text = Path(f"/proc/{spool.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) >> 10
