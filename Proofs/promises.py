"""Checks AgentSpool's promises from outside: by the files, the tools' ledger and what `submit` printed."""

from __future__ import annotations

import json
from collections import Counter

from scenario import JOBS, Scenario
from spool import Spool, until

PROMISES = {
    "no accepted job is lost": "every drop ends once, where it belongs, with its own id",
    "no recorded step runs again": "what a history had as completed when the daemon died is not in the ledger again",
    "no write runs twice": "each key of a tool with the effect write is in the ledger once at most",
    "histories are whole": "every line fits the chain, seq counts up, epochs never go back, no step completes twice",
    "the index follows the files": "verify finds nothing, and reindex makes the same rows",
    "nothing is left lying": "inboxes, processing, deferred, control and tmp are empty, and the daemon stops with 0",
}


# A daemon that is killed while it stops, or stops because a last sync failed, has another life.
LIVES_AT_THE_END = 3


def play_and_check(spool: Spool, scenario: Scenario) -> dict[str, list[str]]:
    """Plays the scenario to its end and checks what the last life leaves, which must end well."""
    for _ in range(LIVES_AT_THE_END):
        scenario.play()
        broken = check(spool, scenario)
        if spool.exit_status == 0:
            break
        scenario.note_death()
        spool.start()
    return broken


def check(spool: Spool, scenario: Scenario) -> dict[str, list[str]]:
    """Stops the daemon and checks everything; the faults, by promise."""
    broken: dict[str, list[str]] = {promise: [] for promise in PROMISES}
    lost, again, twice, whole, index, left = broken.values()
    if spool.is_running:
        # A daemon that was just started may not handle signals yet: they would end it.
        until(lambda: spool.is_ready or not spool.is_running, "ready")
        status = spool.stop()
        if status != 0:
            left.append(f"the daemon stopped with {status}: {spool.last_log[-400:]}")
    lost += _lost(spool, scenario)
    ledger = spool.ledger_lines()
    again += [f"{line} was recorded before" for number, line in enumerate(ledger)
              if number >= scenario.recorded.get(line.partition(" ")[2], len(ledger))]
    writes = Counter(line for line in ledger if line.startswith(("sure ", "risk ")))
    twice += [f"{line} ran {count} times" for line, count in writes.items() if count > 1]
    for job in spool.jobs():
        whole += [f"{job.name}: {fault}" for fault in history_faults(job)]
    index += index_faults(spool)
    left += left_lying(spool)
    return {promise: faults for promise, faults in broken.items() if faults}


def _lost(spool: Spool, scenario: Scenario) -> list[str]:
    faults = []
    jobs = list(spool.jobs())
    rejected = spool.rejections()
    for name, (state, outcome) in scenario.expected().items():
        found = [job for job in jobs if job.name == name]
        if state == "rejected":
            if found or name not in rejected:
                faults.append(f"{name} was not rejected: {[job.state for job in found]}")
            continue
        if len(found) != 1 or name in rejected:
            places = [f"{job.state}/{job.id}" for job in found] + ["rejected"] * (name in rejected)
            faults.append(f"{name} is there {len(found)} times: {places}")
            continue
        job, printed = found[0], scenario.dropped.get(name, "")
        if printed and job.id != printed:
            faults.append(f"{name} has the id {job.id}, and submit said {printed}")
        faults += _ending_faults(job, state, outcome)
    for name in scenario.damaged:
        count = sum(job.name == name for job in jobs) + (name in rejected)
        if count != 1:
            faults.append(f"{name}, which was damaged as a drop, is there {count} times")
    return faults


def _ending_faults(job, state: str, outcome: str) -> list[str]:
    faults = []
    if job.state != state:
        faults.append(f"{job.name} lies in {job.state}, not in {state}")
    try:
        result = json.loads((job.path / "result.json").read_text())
    except (OSError, ValueError) as error:
        return faults + [f"{job.name} has no whole result: {error}"]
    if result["outcome"] != outcome:
        faults.append(f"{job.name} is {result['outcome']}, not {outcome}: {result.get('error')}")
    dropped = JOBS.get(job.name)
    drops = [path for path in job.path.glob("job*") if path.is_file()]
    if dropped and (len(drops) != 1 or drops[0].read_text() != dropped[0]):
        faults.append(f"{job.name}'s drop is not what was dropped")
    if job.name == "lines.jsonl" and len((job.path / "output.jsonl").read_text().splitlines()) != 2:
        faults.append("output.jsonl has not one line for each of the batch")
    return faults


def history_faults(job) -> list[str]:
    """What is wrong with the history of a job that no daemon works on."""
    history = job.history
    faults = list(history.faults)
    if history.is_torn:
        faults.append("its last line is torn")
    if not history.records:
        faults.append("it has no history")
    faults += [f"{step} completed {count} times" for step, count in Counter(history.completed_steps).items() if count > 1]
    return faults


def index_faults(spool: Spool) -> list[str]:
    """What `verify` finds, and how the rows differ once the index is rebuilt."""
    verified = spool.run("verify")
    faults = [f"verify: {line}" for line in (verified.stdout + verified.stderr).splitlines()] if verified.returncode else []
    before = spool.run("list", "--json", "--limit", "100000").stdout
    for file in spool.root.glob("index.sqlite*"):
        file.unlink()
    made = spool.run("reindex")
    if made.returncode:
        faults.append(f"reindex: {made.stderr.strip()}")
    after = spool.run("list", "--json", "--limit", "100000").stdout
    if sorted(before.splitlines()) != sorted(after.splitlines()):
        changed = set(before.splitlines()) ^ set(after.splitlines())
        faults.append(f"reindex changes rows: {sorted(changed)[:2]}")
    return faults


def left_lying(spool: Spool) -> list[str]:
    """Files that lie where nothing may lie once all is done."""
    faults = []
    for name in ("inbox/default", "processing/*", "deferred", "control", "tmp"):
        for directory in spool.root.glob(name):
            entries = sorted(entry.name for entry in directory.iterdir() if not entry.name.startswith("."))
            if entries:
                faults.append(f"{directory.relative_to(spool.root)} holds {entries[:3]}")
    return faults
