"""Plays a table of cases in parallel; each is a function whose docstring is the sentence that it proves.

The module of a case says of which kind of scenario it is one (KIND, of report.KINDS).
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Callable

from report import Result, finish, say
from spool import Broken


class Skipped(Exception):
    """A case cannot run here; the message says, as a sentence, what is missing."""


@dataclass
class Trial:
    """One run of a case: its settings, and what it reports."""

    bounded: bool
    random: random.Random
    tried: int = 1
    note: str = ""


Case = Callable[[Trial], None]


def run(part: str, cases: list[Case], bounded: bool, seed: int, workers: int = 4) -> list[Result]:
    """Plays every case, `workers` of them at a time; a result for each, in their order."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda case: _play(part, case, bounded, seed), cases))


def _play(part: str, case: Case, bounded: bool, seed: int) -> Result:
    trial = Trial(bounded, random.Random(f"{seed} {case.__name__}"))
    result = Result(part, sentence(case), sys.modules[case.__module__].KIND)
    begin = time.monotonic()
    try:
        case(trial)
    except Skipped as reason:
        result.skipped, result.note = True, str(reason)
    except Broken as fault:
        result.failures.append(str(fault))
    except Exception:
        # A fault of the proof itself counts as a failure.
        result.failures.append(traceback.format_exc())
    if not result.skipped:
        result.tried, result.note = trial.tried, trial.note
    outcome = "skipped" if result.skipped else "failed" if result.failures else "good"
    say(f"  {outcome:<7} {time.monotonic() - begin:5.1f} s  {case.__name__:<28} {result.note}".rstrip())
    return result


def sentence(case: Case) -> str:
    return (case.__doc__ or case.__name__).strip().splitlines()[0].rstrip(".")


def main(part: str, cases: list[Case]) -> int:
    """The command line of one table: `--bounded`, `--seed N`, and names of cases, or their beginnings."""
    parser = argparse.ArgumentParser(description=part, epilog="Cases: " + ", ".join(case.__name__ for case in cases))
    parser.add_argument("--bounded", action="store_true", help="the form for every build: fewer, and sooner")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    unknown = [name for name in options.cases if not any(case.__name__.startswith(name) for case in cases)]
    if unknown:
        parser.error(f"there is no case {unknown[0]}; there are: {', '.join(case.__name__ for case in cases)}")
    chosen = [case for case in cases if not options.cases or case.__name__.startswith(tuple(options.cases))]
    put_back_when_stopped()
    print(part)
    return finish(run(part, chosen, options.bounded, options.seed))


def put_back_when_stopped() -> None:
    """Undoes mounts and settings also when the run is stopped from outside."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def expect(condition: object, fault: str) -> None:
    """A promise, as a condition that holds, and what to say when it does not."""
    if not condition:
        raise Broken(fault)


# Only one case at a time may change a setting of the whole machine.
machine = threading.Lock()
