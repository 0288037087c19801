"""Compares what the program had acknowledged by some moment with the files that a power cut left.

An acknowledgement is what `submit` printed, what the daemon logged, or the start of a tool.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Iterator

from spool import Job, Spool

# A log message about a job, the record that must be in its history by then, and where the job lies after it.
SAID = {
    "job accepted": ("accepted", "processing"),
    "job completed": ("completed", "done"),
    "job failed": ("failed", "failed"),
    "job cancelled": ("cancelled", "failed"),
    "job held": ("held", "held"),
    "job deferred": ("deferred", "deferred"),
    "job approved": ("approved", "deferred"),
}
_LOG = re.compile(r"\d{4}-\d\d-\d\dT\S+Z \w+ +(.*?)  +(?:.* )?job=([0-9A-Z]{26})")
# A traced call, with words in place of ids and times.
_TAKEN = re.compile(r"rename (\w+)/\S+ -> processing/\w+/ID-([^/ ]+)$")
# The record that a job's history has when a command answered with success.
ANSWERED = {"approve": "approved", "cancel": "cancelled", "release": "released", "retry": "retried"}
# Tools whose intent is on disk before they run.
_WITH_EFFECT = ("keep", "sure", "risk")


@dataclass
class Acknowledged:
    """Everything that was acknowledged, in the order of the record's marks."""

    submitted: dict[str, str] = field(default_factory=dict)
    ledger: list[str] = field(default_factory=list)
    # For each job, the log's messages about it.
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # For each job, the commands that answered with success.
    answered: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[str] = field(default_factory=list)
    # The jobs that the daemon began to take up again: the place that it took each from, and the drop's name.
    taken: set[tuple[str, str]] = field(default_factory=set)

    @staticmethod
    def read(lines: list[str]) -> Acknowledged:
        told = Acknowledged()
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "submitted":
                identifier, _, name = rest.partition(" ")
                told.submitted[name] = identifier
            elif word == "ledger":
                told.ledger.append(rest)
            elif word == "answered":
                action, _, identifier = rest.partition(" ")
                told.answered[identifier].append(action)
            elif match := _TAKEN.match(line):
                told.taken.add((match[1], match[2]))
            elif match := _LOG.match(line):
                message, identifier = match.groups()
                if message.startswith("drop rejected"):
                    told.rejected.append(identifier)
                said = next((word for word in SAID if message.startswith(word)), None)
                if said:
                    told.said[identifier].append(said)
        return told

    def losses(self, spool: Spool) -> list[str]:
        """What was acknowledged and is not on the disk; no daemon runs on it yet."""
        jobs: dict[str, Job] = {}
        faults = []
        for job in spool.jobs():
            if job.id in jobs:
                faults.append(f"job {job.name} is there twice: in {jobs[job.id].state}/ and in {job.state}/")
            jobs[job.id] = job
            faults += [f"job {job.name}: {fault}" for fault in job.history.faults]
            kinds = [record["type"] for record in job.history.records]
            if job.state in ("held", "failed") and kinds and kinds[-1] in ("approved", "released", "retried", "denied"):
                faults.append(f"job {job.name}: it was {kinds[-1]}, and lies in {job.state}/, where no daemon looks")
            faults += _drop_faults(job)
            faults += _lost_files(job)
        faults += self._lost_submissions(spool, jobs)
        faults += self._lost_words(jobs)
        faults += self._lost_answers(jobs)
        faults += self._lost_intents(jobs)
        notes = {note.name[:26]: note for note in spool.root.glob("rejected/*/*.reason.txt")}
        for identifier in self.rejected:
            if identifier not in notes or not notes[identifier].read_bytes().strip():
                faults.append(f"drop {identifier} was said to be rejected, and the reason is not there")
            elif not any(spool.root.glob(f"rejected/*/{notes[identifier].name.removesuffix('.reason.txt')}")):
                faults.append(f"drop {identifier} was said to be rejected, and is not there")
        return faults

    def _lost_submissions(self, spool: Spool, jobs: dict[str, Job]) -> Iterator[str]:
        for name, identifier in self.submitted.items():
            if identifier not in jobs and not (spool.root / "inbox/default" / f"{identifier}-{name}").exists():
                yield f"{name} was submitted as {identifier}, and is neither in the inbox nor a job"

    def _lost_words(self, jobs: dict[str, Job]) -> Iterator[str]:
        for identifier, words in self.said.items():
            job = jobs.get(identifier)
            if job is None:
                yield f"job {identifier} was said to be {words[-1].removeprefix('job ')}, and is nowhere"
                continue
            kinds = [record["type"] for record in job.history.records]
            for word, count in Counter(words).items():
                if kinds.count(SAID[word][0]) < count:
                    yield (f"{word}: {job.name} was said to be so {count} times, and its history has"
                           f" {kinds.count(SAID[word][0])} such records")
            kind, place = SAID[words[-1]]
            # A later request may be under way, and the daemon may have the job.
            if not kinds or kinds[-1] != kind or kind == "accepted" or (place, job.name) in self.taken:
                continue
            if job.state != place:
                yield f"{words[-1]}: {job.name} lies in {job.state}/ and not in {place}/"
            result = job.path / "result.json"
            if place in ("done", "failed") and not (result.is_file() and result.read_bytes().strip()):
                yield f"{words[-1]}: {job.name} has no result"

    def _lost_answers(self, jobs: dict[str, Job]) -> Iterator[str]:
        for identifier, actions in self.answered.items():
            job = jobs.get(identifier)
            kinds = [record["type"] for record in job.history.records] if job else []
            # One record may answer two requests that were made at the same time.
            for action in sorted(set(actions)):
                if ANSWERED[action] not in kinds:
                    yield (f"{action} answered with success for {job.name if job else identifier}, whose history does"
                           f" not have it")

    def _lost_intents(self, jobs: dict[str, Job]) -> Iterator[str]:
        for line in self.ledger:
            tool, _, key = line.partition(" ")
            identifier, _, step = key.partition("/")
            if tool not in _WITH_EFFECT:
                continue
            job = jobs.get(identifier)
            if job is None:
                yield f"{tool} ran for {key}, and its job is nowhere"
            elif not any(record.get("step") == step for record in job.history.of_type("step.started")):
                yield f"{tool} ran for {step} of {job.name}, and its history does not say that it was started"


def _drop_faults(job: Job) -> Iterator[str]:
    """Whether the drop of an accepted job is what was accepted."""
    accepted = job.history.of_type("accepted")
    if not accepted or "sha256" not in accepted[0]:
        return
    drops = [path for path in job.path.iterdir() if path.name.startswith(("job.", "drop@", "copy"))]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in drops]
    # Acknowledged or not: when the history has the acceptance, the drop must be there, too.
    if accepted[0]["sha256"] not in digests and len(job.history.records) > 1:
        yield f"job {job.name}: its drop is not the one that was accepted"


def _lost_files(job: Job) -> Iterator[str]:
    """Whether the files of finished steps are there: a recorded step is not run again to make them."""
    for step in job.history.completed_steps:
        receipt = job.path / "artifacts/receipt"
        if step == "sure" and (not receipt.is_file() or receipt.read_text() != f"{job.id}/{step}"):
            yield f"job {job.name}: {step} is recorded as completed, and the file that it left is not whole"
    if job.name == "lines.jsonl" and job.history.of_type("completed"):
        output = job.path / "output.jsonl"
        if not output.is_file() or output.read_text().count("\n") != 2:
            yield f"job {job.name}: it is recorded as completed, and its output.jsonl is not whole"
