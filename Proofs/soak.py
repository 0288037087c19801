"""Keeps a spool busy and breaks it for a given time: drops, kills, stops, faults, answers, reindexing.

One spool for the whole soak, two nodes by turns, so that each also takes over what the other left. Drops of every kind
keep coming; the daemon is killed at random moments, now and then stopped properly, now and then one of its calls fails.
A user approves, releases, cancels and retries. The index is deleted and rebuilt under load. At the end all drops must
be where they belong, the ledger must have no write twice and no recorded step again, and what the daemon uses (memory,
descriptors, threads) must be what it used at the beginning.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass

import calls
import promises
from calls import ERRORS, Calls, Point
from report import Result, finish, say
from scenario import prepare
from spool import Broken, Job, Spool, until
from workshop import program, room

PART = "Soak: random drops, kills, stops, faults and answers"
NODES = ("one", "two")
# Kinds of drops, and how they end; here the tool `mend` works from the start.
KINDS: dict[str, tuple[str, str]] = {
    "every.json": ('{"workflow": "every", "input": {"items": [1, 2]}}', "done"),
    "text.txt": ("just a text", "done"),
    "later.json": ('{"run_after": "100ms"}', "done"),
    "asked.yaml": ("workflow: asked", "done"),
    "failing.json": ('{"workflow": "failing"}', "failed"),
    "mended.json": ('{"workflow": "mended"}', "done"),
    "slow.json": ('{"workflow": "slow"}', "failed"),
    "lines.jsonl": ('{"text": "a"}\n{"text": "b"}\n', "done"),
    "broken.json": ('{"workflow":\n  oops', "rejected"),
}
# After so many kills all jobs may finish, are checked, and are removed, so that the spool stays small.
KILLS_BETWEEN_CHECKS = 100
# The most unfinished drops in the spool: another proof tests backlogs.
BACKLOG_MAX = 100
# Spools that are soaked in parallel: a daemon that starts or waits leaves the machine to the others.
SPOOLS = 3


@dataclass
class Counts:
    """What was done to the spool."""

    dropped: int = 0
    kills: int = 0
    stops: int = 0
    faults: int = 0
    answers: int = 0
    reindexes: int = 0
    checked: int = 0


@dataclass
class Use:
    """What a daemon uses, once it is ready and at rest."""

    memory_kb: int
    descriptors: int
    threads: int

    @staticmethod
    def at_rest(pid: int) -> Use:
        """The least of some samples: a job that has just ended closes its files a moment later."""
        looks = []
        for _ in range(10):
            looks.append(Use._now(pid))
            time.sleep(0.1)
        return Use(*(min(values) for values in zip(*map(astuple, looks))))

    @staticmethod
    def _now(pid: int) -> Use:
        status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status") if ":" in line)
        return Use(int(status["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), int(status["Threads"]))

    def growth(self, later: Use) -> list[str]:
        """What has grown more than chance explains."""
        faults = []
        if later.descriptors > self.descriptors + 5:
            faults.append(f"descriptors grew from {self.descriptors} to {later.descriptors}")
        if later.threads > self.threads + 4:
            faults.append(f"threads grew from {self.threads} to {later.threads}")
        if later.memory_kb > self.memory_kb * 1.15 + 4_096:
            faults.append(f"memory grew from {self.memory_kb} to {later.memory_kb} kB")
        return faults


class Soak:
    """One soak on one spool."""

    def __init__(self, spool: Spool, watched: Calls, seed: int) -> None:
        self.spool, self.watched = spool, watched
        self.random = random.Random(seed)
        self.counts = Counts()
        self.broken: dict[str, list[str]] = {promise: [] for promise in promises.PROMISES}
        # The state in which each drop must end, until it is checked.
        self._waiting: dict[str, str] = {}
        self._recorded: dict[str, int] = {}
        self._seen_lines = 0
        self._kills_at_check = 0
        self._writes: Counter[str] = Counter()
        self._answered: dict[tuple[str, int], float] = {}
        self._requests: list[subprocess.Popen[bytes]] = []

    # MARK: Life

    def go_on(self) -> None:
        """One round: some drops and answers, and an end of the daemon in the middle of the work."""
        self._start()
        self._drop_some()
        # Most ends come in the middle of the work, some while the daemon still takes over jobs.
        if self.random.random() < 0.7:
            until(lambda: self.spool.is_ready or not self.spool.is_running, "ready")
        end = time.monotonic() + self.random.uniform(0, 0.15)
        while True:
            self._answer()
            left = end - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(0.02, left))
        if self.random.random() < 0.03 and self.spool.is_running and self.spool.is_ready:
            self.spool.stop()
            self.counts.stops += 1
        else:
            was_running = self.spool.is_running
            self.spool.kill()
            self.counts.kills += was_running
        self._look()
        if self.random.random() < 0.002:
            for file in self.spool.root.glob("index.sqlite*"):
                file.unlink()
            self.counts.reindexes += 1
        if self.counts.kills - self._kills_at_check >= KILLS_BETWEEN_CHECKS or len(self._waiting) > BACKLOG_MAX:
            self._kills_at_check = self.counts.kills
            self.settle()

    def _start(self) -> None:
        if self.random.random() < 0.03:
            name = self.random.choice(sorted(self._waiting) or ["text.0.txt"])
            job = f"processing/{self.random.choice(NODES)}/ID-{name}"
            places = [f"write {job}/history.jsonl", f"fdatasync {job}/history.jsonl", f"mkdir {job}",
                      f"rename {job} -> done/DAY/ID-{name}", f"open {job}/result.json", "syncfs ."]
            error = self.random.choice(sorted(ERRORS))
            self.watched.arm(calls.FAIL_ONCE, Point(self.random.choice(places)), ERRORS[error])
            self.counts.faults += 1
        self.spool.start(node=self.random.choice(NODES))

    def _drop_some(self) -> None:
        if len(self._waiting) >= BACKLOG_MAX:
            return
        for _ in range(self.random.randint(0, 2)):
            kind = self.random.choice(sorted(KINDS))
            stem, ending = kind.split(".")
            name = f"{stem}.{self.counts.dropped}.{ending}"
            self.spool.drop(name, KINDS[kind][0])
            self._waiting[name] = KINDS[kind][1]
            self.counts.dropped += 1

    def _answer(self) -> None:
        if not self.spool.is_running:
            return
        self._requests = [request for request in self._requests if request.poll() is None]
        for job in self.spool.jobs("held"):
            held = job.history.of_type("held")
            if not held or time.monotonic() - self._answered.get((job.id, len(held)), -9) < 2:
                continue
            self._answered[job.id, len(held)] = time.monotonic()
            if held[-1].get("approval"):
                self._ask("approve", job.id)
            else:
                key = f"risk {job.id}/{held[-1].get('step')}"
                self._ask("release", job.id, *(
                    ["--assume-done", "noted"] if key in self.spool.ledger_lines() else ["--again"]))
        for job in self.spool.jobs("processing"):
            if job.name.startswith("slow.") and time.monotonic() - self._answered.get((job.id, 0), -9) > 2:
                self._answered[job.id, 0] = time.monotonic()
                self._ask("cancel", job.id)
        if self.random.random() < 0.01:
            self._ask("retry", "--state", "failed", "--queue", "default")
        if self.random.random() < 0.005:
            self._ask("reindex")
            self.counts.reindexes += 1

    def _ask(self, *arguments: str) -> None:
        """Runs a user's command without waiting for its end."""
        if len(self._requests) < 6:
            self._requests.append(subprocess.Popen(
                [program(), *arguments, "--spool", self.spool.root],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            self.counts.answers += 1

    def _look(self) -> None:
        """Checks what the tools did since, and notes what is recorded now that the daemon is dead."""
        lines = self.spool.ledger_lines()
        for number, line in enumerate(lines[self._seen_lines:], self._seen_lines):
            key = line.partition(" ")[2]
            if number >= self._recorded.get(key, len(lines)):
                self.broken["no recorded step runs again"].append(f"{line} was recorded before")
            if line.startswith(("sure ", "risk ")):
                self._writes[line] += 1
                if self._writes[line] > 1:
                    self.broken["no write runs twice"].append(f"{line} ran {self._writes[line]} times")
        self._seen_lines = len(lines)
        for job in self.spool.jobs("processing", "deferred", "held"):
            for step in job.history.completed_steps:
                self._recorded.setdefault(f"{job.id}/{step}", len(lines))

    # MARK: Checks

    def settle(self) -> None:
        """Lets the daemon finish everything, checks all that has ended, and removes it."""
        self.watched.disarm()
        self.spool.start(node=self.random.choice(NODES))
        def is_over() -> bool:
            self._answer()
            if not self.spool.is_running:
                self.spool.start(node=self.random.choice(NODES))
            rejected = self.spool.rejections()
            ended = {job.name for job in self.spool.jobs("done", "failed")}
            if self.spool.requests() or any(self.spool.jobs("processing")):
                return False
            return all(name in (rejected if state == "rejected" else ended) for name, state in self._waiting.items())
        until(is_over, f"{len(self._waiting)} jobs settled", patience=120, pause=0.02)
        for request in self._requests:
            request.kill()
            request.wait()
        self._requests = []
        until(lambda: self.spool.is_ready, "ready")
        status = self.spool.stop()
        if status:
            self.broken["nothing is left lying"].append(f"the daemon stopped with {status}")
        self._look()
        self._check_ends()
        self.broken["the index follows the files"] += promises.index_faults(self.spool)
        self.broken["nothing is left lying"] += promises.left_lying(self.spool)
        for state in ("done", "failed", "rejected"):
            for day in (self.spool.root / state).iterdir():
                shutil.rmtree(day)
        for file in self.spool.root.glob("index.sqlite*"):
            file.unlink()
        self.spool.ledger.write_text("")
        self._seen_lines, self._recorded, self._writes = 0, {}, Counter()
        self.spool.log.write_text("")

    def _check_ends(self) -> None:
        found: dict[str, list[Job]] = {}
        for job in self.spool.jobs():
            found.setdefault(job.name, []).append(job)
            self.broken["histories are whole"] += [f"{job.name}: {fault}" for fault in promises.history_faults(job)]
        rejected = self.spool.rejections()
        for name, state in self._waiting.items():
            jobs = found.pop(name, [])
            places = [job.state for job in jobs] + ["rejected"] * (name in rejected)
            if places != [state]:
                self.broken["no accepted job is lost"].append(f"{name} is in {places}, not in {state}")
        self.broken["no accepted job is lost"] += [f"{name} was never dropped" for name in found]
        self.counts.checked += len(self._waiting)
        self._waiting = {}

    def use(self) -> Use:
        """What a daemon uses that has taken over everything and has run for a moment."""
        self.spool.start(node=NODES[0])
        until(lambda: self.spool.is_ready, "ready")
        for number in range(20):
            self.spool.drop(f"use.{number}.txt", "just a text")
        _until_completed(self.spool, 20)
        use = Use.at_rest(self.spool.pid)
        self.spool.stop()
        for state in ("done", "failed"):
            for day in (self.spool.root / state).iterdir():
                shutil.rmtree(day)
        for file in self.spool.root.glob("index.sqlite*"):
            file.unlink()
        return use


def _until_completed(spool: Spool, count: int) -> None:
    """Waits until the daemon has finished with so many jobs, a moment after they are in `done/`."""
    until(lambda: spool.last_log.count("job completed") >= count, f"{count} jobs completed", patience=300, pause=0.05)


def long_run(spool: Spool, kinds: int, seed: int) -> list[str]:
    """One daemon under load without any kill: memory, descriptors and threads stay flat."""
    generator = random.Random(seed)
    spool.start(node=NODES[0])
    until(lambda: spool.is_ready, "ready")
    samples = []
    for round in range(4):
        for _ in range(kinds):
            spool.drop(f"flat.{generator.randrange(1 << 60)}.txt", "just a text")
        _until_completed(spool, (round + 1) * kinds)
        samples.append(Use.at_rest(spool.pid))
    spool.stop()
    say(f"  flat: {[(use.memory_kb, use.descriptors, use.threads) for use in samples]} (kB, descriptors, threads)")
    return samples[1].growth(samples[-1])


def run(seed: int, minutes: float | None = None, kills: int | None = None) -> list[Result]:
    """Soaks some spools for some minutes, or until there were so many kills in all."""
    end = time.monotonic() + minutes * 60 if minutes else float("inf")
    total = Counts()
    results = {promise: Result(PART, promise, "random kills", again=number > 0)
               for number, promise in enumerate(promises.PROMISES)}
    flat = Result(PART, "memory, descriptors and threads are flat", "long runs")
    with ThreadPoolExecutor(SPOOLS) as pool:
        share = kills and -(-kills // SPOOLS)
        for soak, faults in pool.map(lambda number: _soak(seed + number, end, share), range(SPOOLS)):
            for name, count in vars(soak.counts).items():
                setattr(total, name, getattr(total, name) + count)
            for promise, broken in soak.broken.items():
                results[promise].tried += soak.counts.kills
                results[promise].failures += broken
            flat.tried += 1
            flat.failures += faults
    results["no accepted job is lost"].note = (
        f"{total.dropped:,} drops, {total.stops} stops, {total.faults} failing calls, "
        f"{total.answers} answers, {total.reindexes} indexes made again")
    return [*results.values(), flat]


def _soak(seed: int, end: float, kills: int | None) -> tuple[Soak, list[str]]:
    """Soaks one spool; returns what is not flat at its end, too."""
    directory = room()
    spool = Spool(directory / "spool", directory)
    watched = Calls(directory)
    soak = Soak(spool, watched, seed)
    flat: list[str] = []
    said = time.monotonic()
    try:
        prepare(spool, is_left_behind=False)
        (spool.aside / "mended").touch()
        spool.environment = watched.environment(spool.root)
        before = soak.use()
        while time.monotonic() < end and (kills is None or soak.counts.kills < kills) and not any(soak.broken.values()):
            soak.go_on()
            if time.monotonic() - said > 60:
                said = time.monotonic()
                say(f"  {soak.counts.kills} kills, {soak.counts.dropped} drops")
        soak.settle()
        flat = long_run(spool, 300, seed) + before.growth(soak.use())
    except Broken as error:
        soak.broken["no accepted job is lost"].append(f"{error}; log: {spool.last_log[-1500:]}")
    finally:
        watched.close()
        spool.kill()
        if any(soak.broken.values()) or flat:
            say(f"  the spool is kept in {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return soak, flat


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="how long")
    parser.add_argument("--kills", type=int, help="how many kills, however long they take")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    arguments = parser.parse_args()
    if arguments.minutes is None and arguments.kills is None:
        arguments.minutes = 5
    print(f"Soak, seed {arguments.seed}", flush=True)
    return finish(run(arguments.seed, arguments.minutes, arguments.kills))


if __name__ == "__main__":
    sys.exit(main())
