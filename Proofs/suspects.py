"""Kills the daemon from outside and from within its jobs' steps, and checks which jobs are held.

A death says only that one of the steps that were under way may be guilty. Innocent jobs end as if nothing had happened;
a step that really brings the daemon down is found, and only its job is held.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from typing import Iterator

import cases
from cases import Trial, expect
from plain_spool import check_whole, plain_spool
from report import Result
from spool import Job, Spool, until

KIND = "suspects"

PART = "Suspects: which jobs are held when the daemon dies again and again"
# All settings with a default keep it.
CONFIGURATION = """
models: {default: {provider: scripted, script: scripted-model.yaml}}
tools:
  work: {command: [tools/work], effect: idempotent}
  kill: {command: [tools/kill], effect: idempotent}
  pick: {command: [tools/pick], effect: idempotent}
workflows:
  brief: {steps: [{id: work, tool: work}]}
  deadly: {steps: [{id: kill, tool: kill}]}
  picked: {steps: [{id: pick, tool: pick, arguments: {deadly: "{{input.deadly}}"}}]}
queues:
  default: {workflow: brief}
  wide: {workflow: brief, concurrency: 8}
"""
TOOLS = {
    "work": '#!/bin/sh\nsleep 0.3\necho done\n',
    "kill": "#!/bin/sh\nkill -9 $PPID\nsleep 5\n",
    "pick": '#!/bin/sh\ngrep -q true && { kill -9 $PPID; sleep 5; }\necho picked\n',
}
POISON = "poison"


@contextmanager
def _spool() -> Iterator[Spool]:
    with plain_spool(configuration=CONFIGURATION, tools=TOOLS) as spool:
        (spool.root / "inbox/wide").mkdir()
        yield spool


def _drop(spool: Spool, count: int, workflow: str = "brief", queue: str = "default") -> list[str]:
    names = [f"{workflow}-{number:03}.json" for number in range(count)]
    for name in names:
        spool.drop(name, json.dumps({"workflow": workflow}), queue)
    return names


def _ended(spool: Spool, names: set[str]) -> set[str]:
    return names & {job.name for job in spool.jobs("done", "held", "failed")}


def _keep_running(spool: Spool, names: list[str], patience: float) -> int:
    """Starts the daemon again after each death, as systemd would, until all jobs have ended; the number of deaths."""
    deaths = 0

    def is_over() -> bool:
        nonlocal deaths
        if not spool.is_running:
            deaths += spool.exit_status is not None
            spool.start()
        return _ended(spool, set(names)) == set(names)

    until(is_over, "the end of every job", patience, 0.05)
    # Before it is ready, SIGTERM ends a daemon as it ends any program.
    until(lambda: spool.is_ready, "the daemon is ready", patience, 0.05)
    return deaths


def _held(spool: Spool) -> dict[str, dict]:
    """The holds of all held jobs, by the dropped files' names."""
    return {job.name: job.history.of_type("held")[-1] for job in spool.jobs("held")}


def _check_ends(spool: Spool, names: list[str], held: set[str]) -> None:
    found = _held(spool)
    expect(set(found) == held, f"held are {len(found)}: {sorted(found.items())[:3]}")
    done = _ended(spool, set(names)) - held
    expect(done == set(names) - held, f"not done: {sorted(set(names) - held - done)[:5]}")
    for name, hold in found.items():
        expect(hold["reason"] == POISON and "alone" in hold["message"], f"{name} is held as {hold}")
    # Held jobs are in held/; all others are in done/.
    check_whole(spool, sorted(done))


def _innocents(trial: Trial, queue: str, jobs: int, kills: int) -> None:
    with _spool() as spool:
        names = _drop(spool, jobs, queue=queue)
        for _ in range(kills):
            spool.start()
            time.sleep(trial.random.uniform(0.1, 0.9))
            spool.kill()
        _keep_running(spool, names, 120)
        _check_ends(spool, names, set())
        trial.note = f"{jobs} jobs, {kills} kills"


def innocents_under_kills(trial: Trial) -> None:
    """jobs of one idempotent step, the daemon killed again and again within seconds: all done, none held"""
    jobs, kills = (40, 12) if trial.bounded else (100, 30)
    _innocents(trial, "default", jobs, kills)


def innocents_side_by_side(trial: Trial) -> None:
    """the same with eight jobs at a time"""
    jobs, kills = (40, 12) if trial.bounded else (100, 30)
    _innocents(trial, "wide", jobs, kills)


def a_killer_among_others(trial: Trial) -> None:
    """a step that kills the daemon, among 50 others: it alone is held, with that as its reason, the others are done"""
    with _spool() as spool:
        names = _drop(spool, 25) + _drop(spool, 1, "deadly") + [f"late-{name}" for name in _late(spool)]
        deaths = _keep_running(spool, names, 60)
        _check_ends(spool, names, {"deadly-000.json"})
        expect(deaths >= 4, f"it was held after {deaths} deaths; three are not yet a proof")
        trial.note = f"{len(names)} jobs, {deaths} deaths"


def _late(spool: Spool) -> list[str]:
    names = [f"{number:03}.json" for number in range(25)]
    for name in names:
        spool.drop(f"late-{name}", "{}")
    return names


def two_killers(trial: Trial) -> None:
    """two steps that kill the daemon, among ten others: both are held, the others are done"""
    with _spool() as spool:
        names = _drop(spool, 2, "deadly") + _drop(spool, 10, queue="wide")
        _keep_running(spool, names, 60)
        _check_ends(spool, names, {"deadly-000.json", "deadly-001.json"})
        trial.note = f"{len(names)} jobs"


def a_killer_in_a_loop(trial: Trial) -> None:
    """a batch with one deadly line beside seven others: it is held for that line, and a job beside it is done"""
    with _spool() as spool:
        lines = [json.dumps({"deadly": number == 5}) for number in range(8)]
        spool.write("agentspool.yaml", CONFIGURATION.replace("{workflow: brief}", "{workflow: picked}", 1))
        spool.drop("lines.jsonl", "\n".join(lines) + "\n")
        spool.drop("brief.json", json.dumps({"workflow": "brief"}))
        _keep_running(spool, ["lines.jsonl", "brief.json"], 60)
        held = _held(spool)
        expect(list(held) == ["lines.jsonl"], f"held are {held}")
        expect(held["lines.jsonl"]["step"].startswith("batch/6/"), f"it is held for {held['lines.jsonl']['step']}")
        _check_ends(spool, ["lines.jsonl", "brief.json"], {"lines.jsonl"})


def planned_stops(trial: Trial) -> None:
    """SIGTERM, and SIGKILL a moment later, while a step runs, five times: no evidence, it is done without a wait"""
    with _spool() as spool:
        for _ in _lives_with_slow_step(spool, 5):
            os.kill(spool.pid, signal.SIGTERM)
            time.sleep(0.2)
            spool.kill()
        (spool.root / "tools/work.open").touch()
        spool.start()
        until(lambda: list(spool.jobs("done")), "the job's end", 15)
        starts = [record for job in spool.jobs("done") for record in job.history.of_type("step.started")]
        expect(not any(start.get("alone") for start in starts), f"it was suspected: {starts}")


def _lives_with_slow_step(spool: Spool, lives: int) -> Iterator[None]:
    """Starts the daemon so often, and yields each time when the one slow step has begun; the caller ends the daemon."""
    spool.write("tools/work", '#!/bin/sh\n[ -e "$0.open" ] || sleep 30\necho done\n')
    spool.drop("slow.json", "{}")
    for life in range(1, lives + 1):
        spool.start()
        until(lambda: _starts(spool) == life, "the step's start", 10)
        yield


def _starts(spool: Spool) -> int:
    return sum(len(job.history.of_type("step.started")) for job in spool.jobs("processing"))


def told_in_status(trial: Trial) -> None:
    """status, list and show say which step is suspected, and why the others wait, in the same words"""
    with _spool() as spool:
        for _ in _lives_with_slow_step(spool, 3):
            spool.kill()
        spool.start()
        spool.drop("other.json", "{}")
        status = _until_said(spool, "runs alone")
        row = status["suspects"][0]
        said = "suspected: the daemon died 3 times while step work ran; runs alone"
        expect(row["why"] == said and len(status["suspects"]) == 1, f"status says {status['suspects']}")
        listed = {row["name"]: row["why"] for row in _rows(spool)}
        expect(listed["slow.json"] == said, f"list says {listed}")
        expect(json.loads(spool.run("show", "slow.json", "--json").stdout)["why"] == said, "show says something else")
        waits = "waits until suspected steps have run alone"
        expect(listed["other.json"].startswith(waits), f"list says of the other {listed}")
        text = spool.run("status").stdout
        expect(said in text and waits in text, f"status prints {text}")
        (spool.root / "tools/work.open").touch()
        spool.kill()
        (spool.root / "tools/work").write_text("#!/bin/sh\necho done\n")


def _rows(spool: Spool) -> list[dict]:
    return [json.loads(line) for line in spool.run("list", "--json").stdout.splitlines()]


def _until_said(spool: Spool, words: str) -> dict:
    found: dict = {}

    def is_said() -> bool:
        nonlocal found
        found = json.loads(spool.run("status", "--json").stdout)
        return any(words in (row["why"] or "") for row in found.get("suspects", []))

    until(is_said, f"status saying that something {words}", 20, 0.2)
    return found


CASES = [innocents_under_kills, innocents_side_by_side, a_killer_among_others, two_killers, a_killer_in_a_loop,
         planned_stops, told_in_status]


def run(bounded: bool, seed: int) -> list[Result]:
    """Every case, a result each."""
    return cases.run(PART, CASES, bounded, seed, workers=len(CASES))


if __name__ == "__main__":
    sys.exit(cases.main(PART, CASES))
