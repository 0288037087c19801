#!/usr/bin/env python3
"""Plays drops on a filesystem that two hosts share (GlusterFS), against the real program, and prints a table.

Host a runs the daemon; host b drops. $AGENTSPOOL_PROGRAM names another build than .build/debug/agentspool. Needs root.
Exit status 1 when a case is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
PROGRAM = os.path.abspath(os.environ.get("AGENTSPOOL_PROGRAM") or HERE.parent.parent / ".build/debug/agentspool")
CONFIGURATION = """\
index: {index}
models: {{default: {{provider: scripted, script: script.yaml}}}}
queues:
  default: {{workflow: prompt, settle: {settle}}}
"""
SCRIPT = "- {when: '(?s)^(.*)$', reply: answered}\n"


class Wrong(Exception):
    """What was seen is wrong."""


class Hosts:
    """A volume that hosts a and b have mounted."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._call("up", "a", "b")

    def _call(self, action: str, *arguments: str) -> str:
        command = [str(HERE / "gluster.sh"), action, str(self.directory), *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def mount(self, host: str) -> Path:
        return Path(self._call("mount", host))

    def on(self, host: str) -> list[str]:
        return [str(HERE / "gluster.sh"), "on", str(self.directory), host]

    def down(self) -> None:
        self._call("down")


class Spool:
    """A spool on the volume, seen from both hosts, and host a's daemon."""

    def __init__(self, hosts: Hosts, name: str, settle: str) -> None:
        self.hosts, self.name, self.daemon = hosts, name, None
        self.a, self.b = (hosts.mount(host) / name for host in "ab")
        subprocess.run([PROGRAM, "init", str(self.a)], check=True, stdout=subprocess.DEVNULL)
        index = hosts.directory / f"{name}.sqlite"
        (self.a / "agentspool.yaml").write_text(CONFIGURATION.format(index=index, settle=settle))
        (self.a / "script.yaml").write_text(SCRIPT)
        self.log = hosts.directory / f"{name}.log"

    def start(self) -> None:
        command = [*self.hosts.on("a"), PROGRAM, "run", "--spool", str(self.a), "--node", "a"]
        self.daemon = subprocess.Popen(command, stderr=self.log.open("w"), stdout=subprocess.DEVNULL)
        until(lambda: " ready" in self.log.read_text(), f"the daemon is ready: {self.log.read_text()}")

    def stop(self) -> None:
        if self.daemon is None:
            return
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(60)

    def done(self) -> dict[str, Path]:
        return {path.name[27:]: path for path in self.a.glob("done/*/*") if (path / "result.json").exists()}

    def verify(self) -> None:
        found = subprocess.run([PROGRAM, "verify", "--spool", str(self.a)], capture_output=True, text=True)
        right(found.returncode == 0, found.stdout + found.stderr)

    def text(self, name: str) -> str:
        return next(self.done()[name].glob("job*")).read_text()


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Wrong(f"it never happened that {what}")
        time.sleep(0.05)


def right(condition: bool, seen: str) -> None:
    if not condition:
        raise Wrong(seen)


# The cases. Each returns what was seen; its docstring says what is tried.


def taken(spool: Spool) -> str:
    """30 drops of host b are taken by host a, each once"""
    for number in range(30):
        (spool.b / f"tmp/{number}.txt").write_text(f"drop {number}")
        (spool.b / f"tmp/{number}.txt").rename(spool.b / f"inbox/default/{number}.txt")
    until(lambda: len(spool.done()) == 30, "30 drops are done")
    right(all(spool.text(f"{number}.txt") == f"drop {number}" for number in range(30)), "another text than was dropped")
    right(not os.listdir(spool.a / "inbox/default"), f"in the inbox lies {os.listdir(spool.a / 'inbox/default')}")
    return "30 of 30 once"


def half_written(spool: Spool) -> str:
    """a file that host b writes for 6 s, with pauses of 0.5 s, is taken whole"""
    with (spool.b / "inbox/default/slow.txt").open("w") as file:
        for number in range(12):
            file.write(f"block {number}\n")
            file.flush()
            os.fsync(file.fileno())
            time.sleep(0.5)
            right(not spool.done(), f"it was taken after block {number}")
    until(lambda: "slow.txt" in spool.done(), "it is done")
    right(spool.text("slow.txt").count("block") == 12, spool.text("slow.txt"))
    return "taken with all 12 blocks"


def pauses(spool: Spool) -> str:
    """a writer on host b that pauses for 5 s, and settle: 8s"""
    with (spool.b / "inbox/default/pausing.txt").open("w") as file:
        for number in range(3):
            file.write(f"block {number}\n")
            file.flush()
            os.fsync(file.fileno())
            time.sleep(5)
            right(not spool.done(), f"it was taken after block {number}")
    until(lambda: "pausing.txt" in spool.done(), "it is done")
    right(spool.text("pausing.txt").count("block") == 3, spool.text("pausing.txt"))
    return "taken with all 3 blocks"


def own_inode(spool: Spool) -> str:
    """a writer on host b that keeps its file open changes no job"""
    file = (spool.b / "inbox/default/kept.txt").open("w")
    file.write("as it was taken")
    file.flush()
    os.fsync(file.fileno())
    until(lambda: "kept.txt" in spool.done(), "it is done")
    file.write(", and more")
    file.flush()
    os.fsync(file.fileno())
    right(spool.text("kept.txt") == "as it was taken", spool.text("kept.txt"))
    spool.verify()
    return "the job is what was accepted"


def request(spool: Spool) -> str:
    """a request of host b is carried out by host a"""
    (spool.b / "inbox/default/later.json").write_text('{"run_after": "7d", "input": {"prompt": "x"}}')
    until(lambda: any(spool.a.glob("deferred/*later.json")), "it is deferred")
    job = next(spool.a.glob("deferred/*later.json")).name.split(".", 1)[1][:26]
    asked = subprocess.run(
        [*spool.hosts.on("b"), PROGRAM, "cancel", job, "--spool", str(spool.b)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    right(asked.returncode == 0, asked.stderr)
    # The job's directory moves a moment after the record that the command waits for.
    until(lambda: any(spool.a.glob("failed/*/*later.json/result.json")), "it lies in failed/")
    result = next(spool.a.glob("failed/*/*later.json/result.json"))
    right(json.loads(result.read_text())["outcome"] == "cancelled", result.read_text())
    return "cancelled"


CASES = [(taken, "0s"), (half_written, "0s"), (pauses, "8s"), (own_inode, "0s"), (request, "0s")]


def play(hosts: Hosts, case: Callable[[Spool], str], settle: str, kind: type[Spool] = Spool) -> bool:
    spool = kind(hosts, case.__name__, settle)
    try:
        spool.start()
        seen, is_right = case(spool), True
    except Wrong as wrong:
        seen, is_right = " ".join(str(wrong).split())[:400], False
    finally:
        spool.stop()
    print(f"{'right' if is_right else 'WRONG':<7}  {(case.__doc__ or '').strip():<80}  {seen}", flush=True)
    return is_right


def main() -> int:
    if os.geteuid() != 0:
        print("needs root: it makes network namespaces and mounts", file=sys.stderr)
        return 77
    hosts = Hosts(Path(tempfile.mkdtemp(prefix="agentspool-shared-", dir=os.environ.get("TMPDIR", "/var/tmp"))))
    try:
        outcomes = [play(hosts, case, settle) for case, settle in CASES]
    finally:
        hosts.down()
    print(f"{len(outcomes)} cases: {outcomes.count(True)} right, {outcomes.count(False)} wrong")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
