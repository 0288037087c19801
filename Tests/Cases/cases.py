#!/usr/bin/env python3
"""Plays problems that users reported of similar systems against the real binary; prints a table: cases.py [CASE ...].

A case is right, or prints what was seen. $AGENTSPOOL_PROGRAM names another build than .build/debug/agentspool.
Exit status 1 when a case is wrong."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import batches
import drops
import models
import operations
import order
import reloads
import streams
import tools
import workshop

assert all((batches, drops, models, operations, order, reloads, streams, tools))


def report(chosen: list[workshop.Case]) -> int:
    """Plays the cases and prints the table; the exit status."""
    started = time.monotonic()
    name, tried = max(len(case.name) for case in chosen), max(len("TRIED"), *(len(case.tried) for case in chosen))
    counts = {"right": 0, "WRONG": 0, "skipped": 0}
    print(f"{'CASE':<{name}}  {'TRIED':<{tried}}  {'OUTCOME':<7}  SEEN")
    # Cases mostly wait; four at a time keep two cores busy.
    with ThreadPoolExecutor(int(os.environ.get("CASES_AT_A_TIME", "4"))) as pool:
        for case, (outcome, seen) in zip(chosen, pool.map(workshop.play, chosen)):
            counts[outcome] += 1
            print(f"{case.name:<{name}}  {case.tried:<{tried}}  {outcome:<7}  {' '.join(seen.split())[:400]}", flush=True)
    print(f"{len(chosen)} cases in {time.monotonic() - started:.0f} s: {counts['right']} right, {counts['WRONG']} wrong, {counts['skipped']} skipped")
    return 1 if counts["WRONG"] else 0


def main(names: list[str]) -> int:
    chosen = [case for case in workshop.CASES if not names or any(case.name.startswith(name) for name in names)]
    if not chosen:
        print(f"there is no such case; there are: {' '.join(case.name for case in workshop.CASES)}", file=sys.stderr)
        return 64
    return report(chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
