"""The scenario, played on a real filesystem whose disk records what reaches it."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from pathlib import Path

import scenario
from calls import DROP_DIRECTORY_SYNCS, Calls, Point
from disk import Filesystem, Record, RecordedDisk, run
from spool import Spool

BEGIN = "the scenario begins"
LONG = "a long output, which fills blocks. "


@dataclass
class Recording:
    """How the scenario is played for the record."""

    what: str
    kills: int = 0
    configuration: str = ""
    drops_directory_syncs: bool = False
    # The disk fails once while it writes the history of a job.
    fails_once: bool = False


PLAIN = Recording("one life")
KILLED = Recording("killed four times", kills=4)
FAILED = Recording("a write failed once", fails_once=True)
BROKEN = (
    Recording("durability is off", configuration="durability: off\n"),
    Recording("directories are never synced", drops_directory_syncs=True),
)


def record(filesystem: Filesystem, directory: Path, how: Recording, randomness: random.Random) -> tuple[Record, int]:
    """Plays the scenario on a disk that records; the record, and the event at which the scenario began."""
    directory.mkdir()
    aside = directory / "aside"
    aside.mkdir()
    disk = RecordedDisk(filesystem, directory)
    try:
        spool = Spool(disk.root / "spool", aside)
        scenario.prepare(spool, disk.marks)
        with (spool.root / "agentspool.yaml").open("a") as file:
            file.write(how.configuration)
        if how.fails_once:
            _lengthen_output(spool)
        run("sync", "--file-system", disk.root)
        disk.mark(BEGIN)
        spool.log = disk.marks
        if how.fails_once:
            disk.fail_write(LONG)
        calls = Calls(aside)
        if how.drops_directory_syncs:
            calls.arm(DROP_DIRECTORY_SYNCS, Point("none"))
        spool.environment = {**calls.environment(spool.root), "AGENTSPOOL_PROOF_TRACE": str(disk.marks)}
        _play(spool, disk, how.kills, randomness)
        calls.close()
    finally:
        disk.close()
    made = Record(disk.base, disk.log)
    return made, next(event for event, line in made.marks() if line == BEGIN)


def _lengthen_output(spool: Spool) -> None:
    """Makes a record of a history longer than the blocks at the end of the file.

    The kernel writes the data of a failed write again when the next write shares a block with it.
    """
    note = spool.root / "tools/note"
    longer = f"[ $1 != look ] || echo {LONG * 300}\necho noted"
    spool.write("tools/note", note.read_text().replace("echo noted", longer))


def _play(spool: Spool, disk: RecordedDisk, kills: int, randomness: random.Random) -> None:
    over = threading.Event()

    def strike() -> None:
        for _ in range(kills):
            if over.wait(randomness.uniform(0.1, 0.5)):
                return
            if spool.is_running:
                disk.mark("kill -9")
                spool.kill()

    striker = threading.Thread(target=strike)
    striker.start()
    try:
        scenario.Scenario(spool, acknowledged=disk.mark).play(patience=90)
        spool.stop()
    finally:
        over.set()
        striker.join()
        spool.kill()
