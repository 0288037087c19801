"""The wall clock set forward and back by hours under the daemon."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Iterator

import mounts
from calls import Calls
from cases import Skipped, Trial, expect
from full_disks import fill
from plain_spool import Log, check_rest, check_whole, plain_spool, start, until_done
from spool import Spool, until

KIND = "turned clocks"

HOUR = 3600


@contextmanager
def _turned(spool: Spool) -> Iterator[Calls]:
    clock = Calls(spool.aside)
    try:
        start(spool, **clock.environment(spool.root))
        yield clock
    finally:
        spool.kill()
        clock.close()


def _turn(spool: Spool, clock: Calls, hours: float, probe: str) -> None:
    """Sets the clock, and checks that the daemon goes on: a new drop is run."""
    clock.set_clock(hours * HOUR)
    spool.drop(probe, "text")
    until_done(spool, [probe], 15)


def _state(spool: Spool, name: str) -> str:
    return " ".join(job.state for job in spool.jobs() if job.name == name)


def clock_forth_and_back(trial: Trial) -> None:
    """the clock set by hours: nothing runs before the new clock says so, nothing hangs, nothing fails for it"""
    with plain_spool() as spool, _turned(spool) as clock:
        log = Log(spool)
        spool.drop("later.json", '{"run_after": "3h"}')
        spool.drop("retried.json", '{"workflow": "retried"}')
        spool.drop("asked.json", '{"workflow": "asked"}')
        spool.drop("urgent.json", '{"workflow": "gated", "deadline": "100h"}')
        until(lambda: _state(spool, "later.json") == _state(spool, "retried.json") == "deferred", "two deferred jobs")
        until(lambda: _state(spool, "asked.json") == "held", "a held job")
        (spool.aside / "free").touch()
        _turn(spool, clock, -5, "back-5.txt")
        time.sleep(1)
        expect(_state(spool, "later.json") == "deferred", "later.json ran 8 h early")
        expect(_state(spool, "retried.json") == "deferred", "retried.json ran 7 h early")
        expect(_state(spool, "asked.json") == "held", "asked.json expired early")
        _turn(spool, clock, 1, "forth-1.txt")
        time.sleep(1)
        expect(_state(spool, "later.json") == "deferred", "later.json ran 2 h early")
        expect(_state(spool, "asked.json") == "held", "asked.json expired an hour early")
        _turn(spool, clock, -9, "back-9.txt")
        _turn(spool, clock, 2.5, "forth-2.txt")
        until_done(spool, ["retried.json"], 15)
        until_done(spool, ["asked.json"], 15, state="failed")
        expect(_state(spool, "later.json") == "deferred", "later.json ran half an hour early")
        _turn(spool, clock, 4, "forth-4.txt")
        until_done(spool, ["later.json"], 15)
        _turn(spool, clock, -2, "back-2.txt")
        (spool.aside / "open").touch()
        until_done(spool, ["urgent.json"], 15)
        check_rest(spool)
        said = [line for line in log.lines("error", "critical")]
        expect(not said, f"it said: {said}")
        trial.note = "set six times"
        check_whole(spool, ["later.json", "retried.json", "urgent.json"])


def clock_jump_unseen(trial: Trial) -> None:
    """a clock that jumps while nothing happens: a job that became due runs within a minute"""
    if trial.bounded:
        raise Skipped("takes more than a minute; part of the full form")
    with plain_spool() as spool, _turned(spool) as clock:
        spool.drop("later.json", '{"run_after": "3h"}')
        until(lambda: _state(spool, "later.json") == "deferred", "a deferred job")
        clock.set_clock(3.5 * HOUR)
        until_done(spool, ["later.json"], 75)
        check_whole(spool, ["later.json"])


def sleep_after_a_jump(trial: Trial) -> None:
    """a clock set forward by hours: a sleep that begins after that ends in time"""
    with plain_spool() as spool, _turned(spool) as clock:
        spool.drop("later.json", '{"run_after": "3h"}')
        until(lambda: _state(spool, "later.json") == "deferred", "a deferred job")
        # The probe makes the daemon see that the other job is due in a few seconds, and sleep until then.
        _turn(spool, clock, 3 - 4 / HOUR, "probe.txt")
        until_done(spool, ["later.json"], 15)
        check_whole(spool, ["later.json", "probe.txt"])


def clock_back_in_a_pause(trial: Trial) -> None:
    """the clock set back 5 hours while a full disk makes the daemon pause: it goes on in seconds, not hours"""
    with mounts.ext4(megabytes=24) as mounted, plain_spool(mounted) as spool, _turned(spool) as clock:
        spool.drop("deferred.json", '{"run_after": "1s", "workflow": "quick"}')
        (spool.root / "tmp/drop.json").write_text('{"workflow": "quick"}')
        until(lambda: _state(spool, "deferred.json") == "deferred", "a deferred job")
        fill(mounted / "filler")
        log = Log(spool)
        (spool.root / "tmp/drop.json").rename(spool.root / "inbox/default/drop.json")
        until(lambda: log.troubles, "the daemon's notice of the full disk")
        time.sleep(1.5)
        clock.set_clock(-5 * HOUR)
        (mounted / "filler").unlink()
        until_done(spool, ["drop.json"], 20)
        clock.set_clock(0)
        spool.drop("probe.txt", "text")
        until_done(spool, ["deferred.json", "probe.txt"], 20)
        check_whole(spool, ["drop.json", "deferred.json"])


CASES = [clock_forth_and_back, clock_jump_unseen, sleep_after_a_jump, clock_back_in_a_pause]
