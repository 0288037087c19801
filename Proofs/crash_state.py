"""One disk as a power cut left it: checked as it is, then given to a real daemon.

Run as a program it serves one state after the other: a line of JSON in, a line of JSON out. Each process must run in
namespaces of its own (disk.isolated): the states of one record have jobs with the same ids, and a daemon that recovers
ends the commands that its jobs left running.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import promises
from acknowledged import Acknowledged
from disk import FILESYSTEMS, Filesystem, mounted
from scenario import JOBS, LEFT_BEHIND, Scenario, write_tools
from spool import Broken, Spool, until


def examine(image: Path, filesystem: Filesystem, lines: list[str], recovers: bool, place: Path) -> list[str]:
    """What is wrong with the disk in `image`, given the marks that were made before the cut."""
    aside = place / "aside"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        with mounted(image, filesystem, place / "root") as root:
            spool = Spool(root / "spool", aside)
            told = Acknowledged.read(lines)
            faults = told.losses(spool)
            if faults or not recovers:
                return faults
            try:
                return _go_on(spool, told)
            finally:
                spool.kill()
    except OSError as error:
        return [f"the disk cannot be used: {error}"]


def _go_on(spool: Spool, told: Acknowledged) -> list[str]:
    """Starts a daemon on the spool, plays its users, and checks the end against the promises."""
    spool.ledger.write_text("".join(f"{line}\n" for line in told.ledger))
    write_tools(spool)
    _sweep(spool)
    scenario = Scenario(spool, missing=False)
    _take_stock(spool, scenario, told)
    try:
        # Even with nothing left to do the daemon must start, and bring its index up to date.
        scenario.note_death()
        spool.start()
        until(lambda: " ready" in spool.last_log, "the daemon's readiness")
        scenario.play(patience=60)
        # A request from before the cut may repeat a later one.
        until(lambda: not any((spool.root / "control").iterdir()), "the end of all requests")
        broken = promises.check(spool, scenario)
    except Broken as fault:
        return [f"after the recovery: {fault}; the daemon said: {spool.last_log[-600:]}"]
    return [f"after the recovery, {promise}: {fault}" for promise, faults in broken.items() for fault in faults]


def _sweep(spool: Spool) -> None:
    """Removes what writers had not finished: none of it was acknowledged."""
    for unfinished in [*spool.root.glob("tmp/*"), *spool.root.glob("control/.*")]:
        unfinished.unlink()


def _take_stock(spool: Spool, scenario: Scenario, told: Acknowledged) -> None:
    """Tells the scenario which drops are there, and which of them their writers had not synced."""
    inbox = {path.name: path for path in (spool.root / "inbox/default").iterdir()}
    claimed = {job.name: job for job in spool.jobs()}
    for name, (text, state, _) in JOBS.items():
        drops = [path for entry, path in inbox.items() if entry in (name, f"{told.submitted.get(name)}-{name}")]
        drops += [path for entry, path in inbox.items() if entry[27:] == name and path not in drops]
        job = claimed.get(name)
        if job is not None and not job.history.records:
            drops += list(job.path.glob("drop@*"))
        is_there = drops or (job is not None and job.history.records) or name in spool.rejections()
        if not is_there:
            continue
        scenario.dropped[name] = told.submitted.get(name, "")
        if any(drop.read_text(errors="replace") != text for drop in drops):
            scenario.damaged.add(name)
    scenario.dropped.setdefault(LEFT_BEHIND, "")
    # While the first drop of a key is not accepted, either may come first.
    if {"keyed.json", "again.json"} <= scenario.dropped.keys() and not (
            "keyed.json" in claimed and claimed["keyed.json"].history.records):
        scenario.damaged |= {"keyed.json", "again.json"}


def main() -> None:
    filesystem, place = FILESYSTEMS[sys.argv[1]], Path(sys.argv[2])
    place.mkdir(exist_ok=True)
    for line in sys.stdin:
        state = json.loads(line)
        faults = examine(Path(state["image"]), filesystem, state["lines"], state["recovers"], place)
        print(json.dumps(faults), flush=True)


if __name__ == "__main__":
    main()
