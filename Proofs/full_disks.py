"""Disks that are full, have no inodes left, or are remounted read-only under a daemon that runs jobs."""

from __future__ import annotations

import errno
import os
import re
import time
from pathlib import Path
from typing import Callable

import mounts
from cases import Trial, expect
from plain_spool import Log, check_rest, check_whole, inbox, plain_spool, start, until_done
from spool import Spool, until

KIND = "broken disks"

# How long a fault lasts: the daemon tries several times, and must not log each try.
FAULT = 12.0
# The log lines that a fault may cause: for drops that cannot be taken, for the index, for a job that cannot go on.
LINES = 4


def full_disk(trial: Trial) -> None:
    """a full disk: logged once, drops stay in the inbox, all goes on when there is room again"""
    with mounts.ext4(megabytes=24) as mounted, plain_spool(mounted) as spool:
        filler = mounted / "filler"
        _play(trial, spool, lambda: fill(filler), filler.unlink, "no space|has no|space")


def no_inodes(trial: Trial) -> None:
    """no inodes left: logged once, drops stay in the inbox, all goes on when there are some again"""
    with mounts.ext4(megabytes=24, inodes=256) as mounted, plain_spool(mounted) as spool:
        fillers = mounted / "fillers"
        fillers.mkdir()

        def free() -> None:
            for file in fillers.iterdir():
                file.unlink()

        _play(trial, spool, lambda: _use_inodes(fillers), free, "inode")


def full_memory_disk(trial: Trial) -> None:
    """a full tmpfs, where a write of one page fails: logged once, nothing is lost, all goes on"""
    with mounts.tmpfs("size=8m,nr_inodes=2000") as mounted, plain_spool(mounted) as spool:
        filler = mounted / "filler"
        _play(trial, spool, lambda: fill(filler), filler.unlink, "space")


def read_only(trial: Trial) -> None:
    """read-only at once, as after an error of the disk: logged, nothing is lost; mounted again, all goes on"""
    with mounts.ext4(megabytes=24) as mounted, plain_spool(mounted) as spool:

        def mend() -> None:
            # An aborted filesystem must be unmounted, which is not possible while the daemon has files open on it.
            if spool.is_running:
                spool.stop()
            mounts.mount_again(mounted)

        # As the kernel does it with errors=remount-ro.
        _play(trial, spool, lambda: mounts.remount(mounted, "abort"), mend, "read-only|error", restarts=True)


def _play(trial: Trial, spool: Spool, break_it: Callable[[], None], mend: Callable[[], None], word: str,
          restarts: bool = False) -> None:
    """Breaks the disk while a job runs and drops wait, and repairs it: few lines, nothing lost, all done."""
    start(spool)
    before = [f"before-{number}.txt" for number in range(3)]
    # A write whose outcome cannot be recorded is held for a person; these jobs have no write.
    during = [f"during-{number}.json" for number in range(20)]
    for name in before:
        spool.drop(name, "text")
    spool.drop("running.json", '{"workflow": "gated"}')
    until_done(spool, before)
    until(lambda: any(job.history.of_type("step.started") for job in spool.jobs("processing")), "the gate's start")
    # Written while there is room: the inbox needs none for a rename.
    for name in during:
        (spool.root / "tmp" / name).write_text('{"workflow": "quick"}')
    os.sync()
    log = Log(spool)
    break_it()
    for name in during:
        (spool.root / "tmp" / name).rename(spool.root / "inbox/default" / name) if not restarts else None
    time.sleep(FAULT / 2)
    (spool.aside / "open").touch()
    time.sleep(FAULT / 2)
    said = log.troubles
    if spool.is_running:
        if not restarts:
            here = [*inbox(spool), *(job.name for job in spool.jobs() if job.name in during)]
            expect(sorted(here) == sorted(during), f"of {len(during)} drops {sorted(here)} are there")
        check_rest(spool)
    else:
        expect(restarts, f"the daemon ended with {spool.exit_status}")
    mend()
    if restarts:
        for name in during:
            (spool.root / "tmp" / name).rename(spool.root / "inbox/default" / name)
    if not spool.is_running:
        start(spool)
    until_done(spool, [*during, "running.json"], patience=90)
    expect(any(re.search(word, line, re.IGNORECASE) for line in said), f"no line says what is wrong: {said}")
    expect(len(said) <= LINES, f"{len(said)} lines in {FAULT:g} s: {said}")
    trial.note = f"{len(during)} drops; {len(said)} lines"
    check_whole(spool, [*before, *during, "running.json"])


def fill(path: Path) -> None:
    """Writes until there is no room for one more page."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            while True:
                try:
                    file.write(bytes(size))
                    os.fsync(file.fileno())
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    break


def _use_inodes(directory: Path) -> None:
    number = 0
    while True:
        number += 1
        try:
            (directory / str(number)).touch()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return


CASES = [full_disk, no_inodes, full_memory_disk, read_only]
