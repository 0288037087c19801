"""Breaks what the daemon depends on: disks, directories, clocks and events.

For each fault: the daemon logs in one line what is wrong and what it did, loses nothing, and works again afterwards.
"""

from __future__ import annotations

import sys

import cases
import crowded_inboxes
import full_disks
import removed_directories
import turned_clocks
from report import Result

PART = "Surroundings: disks, directories, clocks and events that fail"
CASES = full_disks.CASES + removed_directories.CASES + turned_clocks.CASES + crowded_inboxes.CASES


def run(bounded: bool, seed: int) -> list[Result]:
    """Every case, a result each."""
    return cases.run(PART, CASES, bounded, seed)


if __name__ == "__main__":
    sys.exit(cases.main(PART, CASES))
