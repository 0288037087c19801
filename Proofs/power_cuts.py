"""Power cuts: the scenario, and the loss of what was not synced.

The scenario is played once on a real filesystem whose disk records its writes and flushes (recorded_play.py). From the
record the proof makes the disks that a power cut at some moment could have left (cuts.py). It compares each with what
had been acknowledged by then (acknowledged.py), and starts a real daemon on it (crash_state.py).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Callable

from cuts import WAYS, ALL, Cut, plan
from disk import FILESYSTEMS, Block, Filesystem, Record, isolated, missing, workplace
from lost_writes import explain
from recorded_play import BROKEN, FAILED, KILLED, PLAIN, Recording, record
from report import Result, finish, say
from workshop import HERE

PART = "Power cuts"
KIND = "power cuts"


class Examiner:
    """A process that checks states, in namespaces of its own."""

    def __init__(self, made: Record, filesystem: Filesystem, directory: Path, name: str) -> None:
        self._record = made
        self._image = directory / f"{name}.img"
        self._process = subprocess.Popen(
            [*isolated(), sys.executable, HERE / "crash_state.py", filesystem.name, directory / name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def faults(self, position: int, kept: frozenset[Block], recovers: bool, building: threading.Lock) -> list[str]:
        """What is wrong with this state."""
        with building:
            self._record.build(position, set(kept), self._image)
        lines = [line for _, line in self._record.marks(position)]
        request = {"image": str(self._image), "lines": lines, "recovers": recovers}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that looks at states has ended")
        return json.loads(answer)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass
class Outcome:
    """The outcome of all cuts of one record."""

    tried: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WAYS, 0))
    failed: list[tuple[Cut, list[str]]] = field(default_factory=list)
    seconds: float = 0.0


def examine_all(made: Record, filesystem: Filesystem, directory: Path, cuts: list[Cut], recovers: bool = True,
                workers: int = 3, progress: Callable[[int, int], None] = lambda tried, failed: None) -> Outcome:
    """Checks every cut, several at the same time."""
    outcome, waiting = Outcome(), iter(cuts)
    building, lock = threading.Lock(), threading.Lock()
    failures: list[BaseException] = []

    def work(name: str) -> None:
        examiner = Examiner(made, filesystem, directory, name)
        try:
            while True:
                with lock:
                    cut = next(waiting, None)
                if cut is None or failures:
                    return
                begin = time.monotonic()
                faults = examiner.faults(cut.position, cut.kept, recovers, building)
                with lock:
                    outcome.seconds += time.monotonic() - begin
                    outcome.tried[cut.way] += 1
                    if faults:
                        outcome.failed.append((cut, faults))
                    progress(sum(outcome.tried.values()), len(outcome.failed))
        except BaseException as error:
            failures.append(error)
        finally:
            examiner.close()

    threads = [threading.Thread(target=work, args=(f"state-{number}",)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return outcome


# MARK: Proofs

def prove(filesystem: Filesystem, directory: Path, states: int, seed: int, recordings: list[Recording]) -> list[Result]:
    """All cuts of some recordings on one filesystem, in the namespaces that this process has for itself."""
    results = []
    for number, how in enumerate(recordings):
        randomness = random.Random(f"{seed} {filesystem.name} {how.what}")
        made, begin = record(filesystem, directory / f"record-{number}", how, randomness)
        say(f"  {filesystem.name}, {how.what}: {len(made.events) - begin:,} events, "
            f"{sum(flush > begin for flush in made.flushes)} flushes")
        cuts = plan(made, begin, states, randomness)
        outcome = examine_all(made, filesystem, directory, cuts, progress=_progress(filesystem.name, len(cuts)))
        results += _results(made, filesystem, how, outcome, directory, seed)
    return results


def _progress(filesystem: str, count: int) -> Callable[[int, int], None]:
    begin = time.monotonic()

    def tell(tried: int, failed: int) -> None:
        if tried % 50 == 0 or tried == count:
            say(f"  {filesystem}: {tried} of {count} states, {failed} failed, {time.monotonic() - begin:.0f} s")

    return tell


def _results(made: Record, filesystem: Filesystem, how: Recording, outcome: Outcome, directory: Path,
             seed: int) -> list[Result]:
    results = []
    lives = "" if how == PLAIN else f", {how.what}"
    for way, meaning in WAYS.items():
        failed = sorted((failure for failure in outcome.failed if failure[0].way == way),
                        key=lambda failure: len(made.unflushed(failure[0].position)))
        told = [_explained(made, filesystem, *failure, directory) for failure in failed[:1]]
        told += [f"before event {cut.position}: {faults[0]}" for cut, faults in failed[1:]]
        what = f"{filesystem.name}{lives}: {meaning}"
        results.append(Result(PART, what, KIND, outcome.tried[way], told, f"seed {seed}"))
    return results


def _explained(made: Record, filesystem: Filesystem, cut: Cut, faults: list[str], directory: Path) -> str:
    examiner, building = Examiner(made, filesystem, directory, "smallest"), threading.Lock()
    # A fault that shows only after a recovery needs a daemon for each try.
    recovers = any(fault.startswith("after the recovery") for fault in faults)
    try:
        return explain(made, filesystem, cut, faults,
                       lambda cut: examiner.faults(cut.position, cut.kept, recovers, building), directory)
    finally:
        examiner.close()


def prove_itself(filesystem: Filesystem, directory: Path, seed: int) -> list[Result]:
    """Checks that the proof finds missing flushes: each broken program must lose something."""
    results = []
    for number, how in enumerate(BROKEN):
        randomness = random.Random(f"{seed} {filesystem.name} {how.what}")
        # By chance, flushes of other jobs may cover everything in one play; so there are several.
        for attempt in range(3):
            made, begin = record(filesystem, directory / f"broken-{number}-{attempt}", how, randomness)
            cuts = [cut for cut in plan(made, begin, 2 * len(made.flushes) + 2, randomness) if cut.way == ALL]
            outcome = examine_all(made, filesystem, directory, cuts, recovers=False)
            if outcome.failed:
                break
        what = f"{filesystem.name}: the proof finds that {how.what}"
        result = Result(PART, what, "power cuts of a program without syncs", len(cuts))
        if not outcome.failed:
            result.failures.append(f"{how.what}, and {len(cuts)} cuts lost nothing that was acknowledged")
        result.note = f"lost something in {len(outcome.failed)} of them, as it must"
        results.append(result)
        say(f"  {filesystem.name}, {how.what}: {len(outcome.failed)} of {len(cuts)} cuts lose something, as they must")
    return results


def run(bounded: bool = False, seed: int = 1, filesystems: tuple[str, ...] = (), states: int = 0) -> list[Result]:
    """Every filesystem in namespaces of its own; one that misses something here is skipped, and the report says so.

    The same seed cuts in the same way; the record is of another play each time.
    """
    results = []
    for filesystem in filesystems or (("ext4",) if bounded else tuple(FILESYSTEMS)):
        reason = missing(filesystem)
        if reason:
            say(f"  {filesystem}: skipped, {reason}")
            results.append(Result(PART, f"{filesystem}: cuts", KIND, note=reason, skipped=True))
            continue
        results += _isolated(filesystem, bounded, seed, states or (40 if bounded else 30))
    return results


def _isolated(filesystem: str, bounded: bool, seed: int, states: int) -> list[Result]:
    directory = workplace()
    process = subprocess.Popen(
        [*isolated(), sys.executable, HERE / "power_cuts.py", *["--bounded"] * bounded, "--inside", directory,
         "--filesystems", filesystem, "--seed", str(seed), "--states", str(states)],
        stdout=subprocess.PIPE, text=True)
    results = []
    try:
        assert process.stdout
        for line in process.stdout:
            if line.startswith(RESULTS):
                results = [Result(**members) for members in json.loads(line.removeprefix(RESULTS))]
            else:
                say(line.rstrip("\n"))
        if process.wait() != 0:
            results.append(Result(PART, f"{filesystem}: cuts", KIND, failures=[f"ended with {process.returncode}"]))
    finally:
        # Its namespaces, and with them its mounts and daemons, end with it.
        process.kill()
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)
    return results


# Begins the line in which the inner process reports its results.
RESULTS = "results: "


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filesystems", type=lambda text: tuple(text.split(",")), default=())
    parser.add_argument("--states", type=int, default=0, help="how many cuts of each recording")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bounded", action="store_true", help="the form for every build: ext4 only, 40 states")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [name for name in options.filesystems if name not in FILESYSTEMS]
    if unknown:
        parser.error(f"there is no filesystem {unknown[0]}; there are: {', '.join(FILESYSTEMS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not options.inside:
        print(PART, flush=True)
        return finish(run(options.bounded, options.seed, options.filesystems, options.states))
    filesystem = FILESYSTEMS[options.filesystems[0]]
    results = prove_itself(filesystem, options.inside, options.seed)
    lives = [PLAIN] if options.bounded else [PLAIN, KILLED]
    if filesystem.survives_failed_write and not options.bounded:
        lives.append(FAILED)
    results += prove(filesystem, options.inside, options.states, options.seed, lives)
    print(RESULTS + json.dumps([asdict(result) for result in results]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
