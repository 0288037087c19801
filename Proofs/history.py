"""Reads a job's history from outside, by its documented form (docs/formats.md, section 5) and without the program's own code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class History:
    """The whole records of a history, and what is wrong with it."""

    records: list[dict] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    is_torn: bool = False

    def of_type(self, kind: str) -> list[dict]:
        return [record for record in self.records if record["type"] == kind]

    @property
    def completed_steps(self) -> list[str]:
        return [record["step"] for record in self.of_type("step.completed")]


def read(path: Path) -> History:
    """Reads `history.jsonl`: each line's chain, the order of seq, and that epochs never go back."""
    history = History()
    try:
        lines = path.read_bytes().split(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return history
    history.is_torn = lines[-1] != b""
    previous = b""
    for number, line in enumerate(lines[:-1], 1):
        body, mark, tail = line.rpartition(b',"chain":"')
        chain = hashlib.sha256(previous + body).hexdigest()[:16].encode()
        if b"\0" in line:
            # A block that never reached the disk, and with it all that was written after the last sync.
            history.is_torn = True
            return history
        if not mark or tail != chain + b'"}':
            history.faults.append(f"line {number} does not fit the chain")
            return history
        record = json.loads(line)
        if record["seq"] != number:
            history.faults.append(f"line {number} has seq {record['seq']}")
        if history.records and record["epoch"] < history.records[-1]["epoch"]:
            history.faults.append(f"line {number} goes back to epoch {record['epoch']}")
        history.records.append(record)
        previous = chain
    return history
