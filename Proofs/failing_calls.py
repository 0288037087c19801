"""Makes state-changing calls of the daemon fail, once and for good, with every error that a disk can give.

Once: one call fails, of each kind on each kind of place, of any job, and all jobs must end as without the failure. For
good: from some call on every call of its kind fails, wherever; the fault goes on for a while, then it is gone.
The daemon logs what is wrong, in few lines; it may stop, as after a failed sync it must, and is started again.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import calls
import promises
from calls import ERRORS, Calls, Point
from crash_points import trace
from report import Result, say
from scenario import Scenario, prepare
from spool import Broken, Spool
from workshop import room

PART = "Failing calls: every error at every kind of call"
ONCE, FOR_GOOD = "once", "for good"
# These runs mostly wait: after an error of the disk the daemon pauses for some seconds.
WORKERS = 10
FAULT_SECONDS = 1.5
# How many of the seven errors each kind of call and place gives once; the seed chooses which.
ERRORS_A_PLACE = 3
# How many calls of each kind are the first of those that fail for good, with every error.
BEGINNINGS = 3
# Lines above `notice` that one fault may cause: one for each job and queue that it meets, and some.
LINES_MAX = 40


@dataclass(frozen=True)
class Fault:
    """What fails, with which error, and for how long."""

    point: Point
    error: str
    duration: str

    def __str__(self) -> str:
        return f"{self.error} {self.duration} at {self.point}"


def run(seed: int, limit: int | None = None) -> list[Result]:
    """Every error at every kind of call and place, once and for good; or `limit` of these, chosen by `seed`."""
    generator = random.Random(seed)
    points = trace()
    places, beginnings = _places(points, generator), _beginnings(points, generator)
    faults = [Fault(point, error, ONCE) for point in places for error in generator.sample(list(ERRORS), ERRORS_A_PLACE)]
    faults += [Fault(point, error, FOR_GOOD) for point in beginnings for error in ERRORS]
    say(f"  {len(ERRORS)} errors: once at {len(places)} kinds of call and place, for good from {len(beginnings)} calls on")
    if limit is not None:
        faults = generator.sample(faults, min(limit, len(faults)))
    results = {(error, duration): Result(PART, f"{error} {duration}", "failing calls") for error in ERRORS
               for duration in (ONCE, FOR_GOOD)}
    with ThreadPoolExecutor(WORKERS) as pool:
        for number, (fault, is_reached, broken) in enumerate(pool.map(strike, faults), 1):
            result = results[fault.error, fault.duration]
            result.tried += is_reached
            for promise, faults_found in broken.items():
                result.failures += [f"{fault}: {promise}: {text}" for text in faults_found]
                say(f"  {fault}: {promise}: {faults_found[0]}")
            if number % 100 == 0:
                say(f"  {number} of {len(faults)}")
    return list(results.values())


def _places(points: list[Point], generator: random.Random) -> list[Point]:
    """One call of each kind on each kind of place: whose job it is does not matter."""
    by_place: dict[str, list[Point]] = {}
    for point in points:
        by_place.setdefault(re.sub(r"ID-\w+", "ID", point.name), []).append(point)
    return [generator.choice(points) for points in by_place.values()]


def _beginnings(points: list[Point], generator: random.Random) -> list[Point]:
    """Some calls of each kind."""
    by_kind: dict[str, list[Point]] = {}
    for point in points:
        by_kind.setdefault(point.kind, []).append(point)
    return [point for kind in by_kind.values() for point in generator.sample(kind, min(BEGINNINGS, len(kind)))]


def strike(fault: Fault) -> tuple[Fault, bool, dict[str, list[str]]]:
    """One run with the fault; whether the run came to it, and what is broken."""
    directory = room()
    spool = Spool(directory / "spool", directory)
    watched = Calls(directory)
    try:
        prepare(spool)
        mode = calls.FAIL_ONCE if fault.duration == ONCE else calls.FAIL_FOR_GOOD
        watched.arm(mode, fault.point, ERRORS[fault.error])
        spool.environment = watched.environment(spool.root)
        spool.start()
        scenario = Scenario(spool)
        try:
            if fault.duration == FOR_GOOD:
                scenario.play_for(FAULT_SECONDS)
                watched.disarm()
            broken = promises.play_and_check(spool, scenario)
        except Broken as error:
            broken = {"works again when the fault is gone": [f"{error}; log: {spool.last_log[-800:]}"]}
        if watched.failures:
            broken |= said(fault, spool)
        return fault, watched.has_struck, broken
    finally:
        watched.close()
        spool.kill()
        shutil.rmtree(directory, ignore_errors=True)


# Calls whose failure no job and no user waits for; a step that is retried says so in its history.
HARMLESS = re.compile(r"^(mkdir .*/artifacts|rmdir (.*/artifacts|processing/)|unlink .*(drop@default|/copy|\.new|-shm|-wal)|mkdir [\w-]+$|"
                      r"mkdir inbox/default|(write|truncate|open|fsync|fdatasync) index\.sqlite|fdatasync \.$|unlink index)")


def said(fault: Fault, spool: Spool) -> dict[str, list[str]]:
    """Whether the daemon logged what was wrong, once and not in a flood."""
    lines = [line for line in spool.log.read_text(errors="replace").splitlines()
             if re.search(r" (warning|error|critical) |^agentspool: |^Error: ", line)]
    named = [line for line in lines if os.strerror(ERRORS[fault.error]).lower() in line.lower()]
    faults = []
    if not named and not HARMLESS.match(fault.point.name):
        faults.append("nothing in the log names the error")
    if len(lines) > LINES_MAX:
        faults.append(f"{len(lines)} lines in the log, as: {lines[-1]}")
    return {"says what is wrong in a line": faults} if faults else {}
