"""Proves AgentSpool's promises by breaking it: `make prove` tries everything, `make test` a bounded part.

Parts: crash (kill -9 at every call), power (power cuts on recorded disks), calls (every error at every kind of call),
surroundings (full disks, removed directories, clocks, crowds), hostile (malicious drops and forged jobs), suspects
(steps that kill the daemon, and others beside them), soak (random kills). Disks and mounts need root; what cannot be
tried here is reported, and is not a failure. A proof that was stopped continues with the parts that it had not finished
when it gets the same seed again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Callable

import crash_points
import failing_calls
import hostile_drops
import power_cuts
import report
import soak
import surroundings
import suspects
from report import Result
from workshop import kept, program

PARTS: dict[str, Callable[[int, bool], list[Result]]] = {
    "crash": lambda seed, bounded: crash_points.run(seed, 60 if bounded else None),
    "power": lambda seed, bounded: power_cuts.run(seed=seed, bounded=bounded),
    "calls": lambda seed, bounded: failing_calls.run(seed, 40 if bounded else None),
    "surroundings": lambda seed, bounded: surroundings.run(bounded=bounded, seed=seed),
    "hostile": lambda seed, bounded: hostile_drops.run(bounded=bounded, seed=seed),
    "suspects": lambda seed, bounded: suspects.run(bounded=bounded, seed=seed),
    "soak": lambda seed, bounded: soak.run(seed, kills=150 if bounded else 300),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all when left out")
    parser.add_argument("--bounded", action="store_true", help="some points of each part, in some minutes")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="the same seed tries the same")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report in Markdown")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    print(f"Seed {arguments.seed}", flush=True)
    seconds = 0.0
    results: list[Result] = []
    for name, run in PARTS.items():
        if arguments.parts and name not in arguments.parts:
            continue
        report.say(f"\n{name}")
        found, took = _part(name, run, arguments)
        report.say(f"  {took:.0f} s")
        results, seconds = results + found, seconds + took
    status = report.finish(results)
    if arguments.report:
        command = "make test" if arguments.bounded else " ".join(["make prove", *arguments.parts])
        text = report.markdown(results, arguments.seed, command, seconds)
        report.write(arguments.report, text)
        print(f"written: {arguments.report}")
    return status


def _part(name: str, run: Callable[[int, bool], list[Result]], arguments: argparse.Namespace) -> tuple[list[Result], float]:
    """The results of a part and its seconds; kept ones, when program and seed are the same."""
    status = program().stat()
    file = kept(f"results-{name}-{arguments.seed}-{status.st_size}-{status.st_mtime_ns}.json")
    if not arguments.bounded and file.exists():
        members = json.loads(file.read_text())
        return [Result(**result) for result in members["results"]], members["seconds"]
    begin = time.monotonic()
    results = run(arguments.seed, arguments.bounded)
    seconds = time.monotonic() - begin
    if not arguments.bounded and not any(result.failures for result in results):
        file.write_text(json.dumps({"results": [asdict(result) for result in results], "seconds": seconds}))
    return results, seconds


if __name__ == "__main__":
    sys.exit(main())
