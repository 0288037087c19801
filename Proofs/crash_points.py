"""Kills the daemon at every state-changing call of the scenario, lets it go on, and checks every promise.

One traced run shows which calls there are. Then, for each of them, a run of its own: kill -9 as the call is entered, a
new daemon, the rest of the scenario, the checks. When a run did not come to its call, because the threads came in
another order, it is tried again; the report says how many calls were reached.
"""

from __future__ import annotations

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import calls
import promises
from calls import Calls, Point
from report import Result, say
from scenario import Scenario, prepare
from spool import Broken, Spool
from workshop import room

PART = "Crash points: kill -9 at every state-changing call"
KIND = "crash points and pairs"
# Runs mostly wait for disks and clocks.
WORKERS = 4
ATTEMPTS = 3


def trace() -> list[Point]:
    """The calls of one undisturbed run, from the daemon's start to its stop."""
    directory = room()
    spool = Spool(directory / "spool", directory)
    watched = Calls(directory)
    try:
        prepare(spool)
        spool.start(environment=watched.environment(spool.root, traced=True))
        scenario = Scenario(spool)
        scenario.play()
        if broken := promises.check(spool, scenario):
            raise Broken(f"the promises are not kept without any kill: {broken}")
        return watched.points()
    finally:
        watched.close()
        spool.kill()
        shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Outcome:
    """The outcome of one kill."""

    point: Point
    is_reached: bool
    broken: dict[str, list[str]]


def kill_at(point: Point, second: Point | None = None) -> Outcome:
    """One run that is killed at `point`; when there is a `second`, the next life is killed at that."""
    directory = room()
    spool = Spool(directory / "spool", directory)
    watched = Calls(directory)
    try:
        prepare(spool)
        watched.arm(calls.KILL, point)
        spool.environment = watched.environment(spool.root)
        spool.start()
        scenario = Scenario(spool)
        if second is not None:
            scenario.on_death = lambda: watched.arm(calls.KILL, second) if scenario.deaths == 1 else None
        try:
            broken = promises.play_and_check(spool, scenario)
        except Broken as error:
            broken = {"no accepted job is lost": [f"{error}; log: {spool.last_log[-600:]}"]}
        return Outcome(point, watched.has_struck, broken)
    finally:
        watched.close()
        spool.kill()
        shutil.rmtree(directory, ignore_errors=True)


def run(seed: int, limit: int | None = None) -> list[Result]:
    """Every point; or `limit` of them, chosen by `seed`, some of each kind of call."""
    points = trace()
    generator = random.Random(seed)
    chosen = points if limit is None or limit >= len(points) else _sample(points, limit, generator)
    pairs = [(point, None) for point in chosen]
    # Some pairs, killed again in the recovery; all pairs would be too many.
    pairs += [(point, generator.choice(points)) for point in _sample(points, len(chosen) // 5, generator)]
    names = len({point.name for point in points})
    say(f"  the scenario makes {len(points)} state-changing calls of {names} names; {len(chosen)} are struck")
    results = {promise: Result(PART, promise, KIND, again=True) for promise in promises.PROMISES}
    unreached = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for number, outcome in enumerate(pool.map(lambda pair: _reached(*pair), pairs), 1):
            if not outcome.is_reached:
                unreached.append(outcome.point)
            for promise, result in results.items():
                result.tried += outcome.is_reached
                result.failures += [f"killed at {outcome.point}: {fault}" for fault in outcome.broken.get(promise, [])]
            for promise, faults in outcome.broken.items():
                say(f"  killed at {outcome.point}: {promise}: {faults[0]}")
            if number % 100 == 0:
                say(f"  {number} of {len(pairs)}")
    reached = Result(PART, "points reached", KIND, tried=len(pairs) - len(unreached))
    reached.note = f"of {len(chosen)} points and {len(pairs) - len(chosen)} pairs of points"
    if unreached:
        say("  not reached: " + ", ".join(map(str, unreached[:20])))
    return [reached, *results.values()]


def _reached(point: Point, second: Point | None) -> Outcome:
    for _ in range(ATTEMPTS):
        outcome = kill_at(point, second)
        if outcome.is_reached or outcome.broken:
            break
    return outcome


def _sample(points: list[Point], count: int, generator: random.Random) -> list[Point]:
    """Some of every kind of call and of every kind of place, before more of the same."""
    by_name: dict[str, list[Point]] = {}
    for point in generator.sample(points, len(points)):
        by_name.setdefault(point.name, []).append(point)
    # The index is made of hundreds of like writes; everything else goes first.
    names = sorted(by_name, key=lambda name: "sqlite" in name)
    chosen: list[Point] = []
    while len(chosen) < min(count, len(points)):
        for name in names:
            if by_name[name] and len(chosen) < count:
                chosen.append(by_name[name].pop())
    return chosen
