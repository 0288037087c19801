"""Inboxes with more files than inotify can report, and more than may be in memory."""

from __future__ import annotations

import os
import time

import mounts
from cases import Trial, expect, machine
from plain_spool import Log, check_rest, check_whole, peak_megabytes, plain_spool, start, until_done
from spool import until

KIND = "crowded inboxes"


def lost_events(trial: Trial) -> None:
    """max_queued_events of 1 and 10,000 drops (1,000 bounded): the scans find them all"""
    count = 1_000 if trial.bounded else 10_000
    with plain_spool() as spool:
        with machine, mounts.setting("fs/inotify/max_queued_events", 1):
            # The kernel sets a queue's length when it makes the queue.
            start(spool)
        log = Log(spool)
        names = [f"{number:06}.txt" for number in range(count)]
        for name in names:
            spool.drop(name, "text", queue="quick")
        until_done(spool, names, patience=60 + count / 20)
        lost = log.lines("notice")
        expect(any("events were lost" in line for line in lost), "no event was lost: the proof proves nothing")
        expect(not log.troubles, f"it said: {log.troubles[:3]}")
        told = sum("events were lost" in line for line in lost)
        trial.note = f"{count:,} files; lost events were logged {told} times"
        expect(told <= 10, f"it logged {told} times that events were lost")
        check_rest(spool)
        check_whole(spool, names)


def crowded_inbox(trial: Trial) -> None:
    """200,000 files in one inbox (20,000 bounded): the first are done at once, in bounded memory"""
    count = 20_000 if trial.bounded else 200_000
    enough = 200 if trial.bounded else 2_000
    with plain_spool() as spool:
        directory = spool.root / "inbox/quick"
        directory.mkdir()
        for number in range(count):
            os.close(os.open(directory / f"{number:06}.txt", os.O_CREAT | os.O_WRONLY, 0o600))
        begin = time.monotonic()
        start(spool)
        until(lambda: any(spool.jobs("done")), "the first job", 60)
        first = time.monotonic() - begin
        until(lambda: sum(1 for _ in spool.jobs("done")) >= enough, f"{enough} jobs", 300, 0.2)
        peak = peak_megabytes(spool)
        trial.note = f"{count:,} files; first job after {first:.1f} s; {peak} MB"
        expect(first < 20, f"the first job was done after {first:.0f} s")
        expect(peak < 256, f"the daemon took {peak} MB")
        listed = spool.run("status", timeout=60)
        expect(listed.returncode == 0, f"status fails: {listed.stderr}")
        status = spool.stop()
        expect(status == 0, f"the daemon stopped with {status}")
        here = len(os.listdir(directory)) + sum(1 for _ in spool.jobs())
        expect(here == count, f"of {count} drops {here} are there")
        verified = spool.run("verify", timeout=300)
        expect(verified.returncode == 0, f"verify finds: {verified.stdout[-400:]}{verified.stderr[-400:]}")


CASES = [lost_events, crowded_inbox]
