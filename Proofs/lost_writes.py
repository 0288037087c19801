"""Finds the smallest loss that breaks a promise, and says what was lost and which flush was missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable

from cuts import Cut
from disk import BLOCK, Block, Filesystem, Record, isolated
from scenario import JOBS, LEFT_BEHIND

_CHANGES = ("open", "mkdir", "rename", "link", "unlink", "rmdir", "write", "truncate")
_SYNCS = ("fsync", "fdatasync", "syncfs")

# Returns the faults of a cut.
Look = Callable[[Cut], list[str]]


def explain(made: Record, filesystem: Filesystem, cut: Cut, faults: list[str], look: Look, directory: Path) -> str:
    """Makes the loss as small as possible while it still breaks something, and describes it."""
    cut, faults = smallest(made, cut, faults, look)
    unflushed = made.unflushed(cut.position)
    lost = [block for block in unflushed if block not in cut.kept]
    lines = [f"{filesystem.name}, {cut.way}: {fault}" for fault in faults[:4]]
    flushed = sum(1 for flush in made.flushes if flush < cut.position)
    lines.append(f"  power off before event {cut.position} of {len(made.events)}, after flush {flushed}"
                 f" of {len(made.flushes)}")
    if lost:
        owners = owners_of(made, filesystem, lost, directory)
        lines.append(f"  lost    {len(lost)} of {len(unflushed)} unflushed blocks: {owners}")
    else:
        lines.append(f"  lost    nothing of {len(unflushed)} unflushed blocks; what was not written yet")
    names = [name for name in (*JOBS, LEFT_BEHIND) if any(name in fault for fault in faults)]
    lines += missing_flush(made, cut.position, names)
    return "\n  ".join(lines)


def smallest(made: Record, cut: Cut, faults: list[str], look: Look) -> tuple[Cut, list[str]]:
    """Gives lost blocks back, in halves, quarters and so on, while the promise stays broken."""
    unflushed = made.unflushed(cut.position)
    lost = [block for block in unflushed if block not in cut.kept]
    trials, size = 40, len(lost)
    while size >= 1 and trials > 0:
        for begin in range(0, len(lost), size):
            rest = lost[:begin] + lost[begin + size :]
            attempt = Cut(cut.position, cut.way, frozenset(unflushed) - frozenset(rest))
            trials -= 1
            found = look(attempt)
            if found:
                cut, faults, lost = attempt, found, rest
                break
            if trials <= 0:
                break
        else:
            size //= 2
            continue
        size = min(size, len(lost))
    return cut, faults


def missing_flush(made: Record, position: int, names: list[str]) -> list[str]:
    """The last call before the cut that changed these jobs, and the first sync after it that would have covered it."""
    calls = [(event, line) for event, line in made.marks() if line.split(" ", 1)[0] in _CHANGES + _SYNCS]
    changes = [
        (event, line) for event, line in calls
        if event < position and line.startswith(_CHANGES) and any(name in line for name in names)
    ]
    if not changes:
        return []
    at, change = changes[-1]
    touched = {str(Path(path).parent) for path in change.split()[1:] if path != "->"} | set(change.split()[1:])
    covering = [
        (event, line) for event, line in calls
        if event > at and line.startswith(_SYNCS) and (line == "syncfs ." or line.split()[1] in touched)
    ]
    lines = [f"  after   {change}"]
    if covering:
        event, sync = covering[0]
        lines.append(f"  before  {sync}, which had {'begun' if event < position else 'not begun'}")
    else:
        lines.append("  before  any sync of it: none came")
    return lines


def owners_of(made: Record, filesystem: Filesystem, lost: list[Block], directory: Path) -> str:
    """The files that the blocks belong to, where the filesystem's own tools can say."""
    numbers = [(made.events[block.event].offset + block.part * BLOCK) // BLOCK for block in lost]
    paths = _paths_on_ext4(made, numbers, directory) if filesystem.kind == "ext4" and shutil.which("debugfs") else {}
    told = [f"{number}{f' ({paths[number]})' if number in paths else ''}" for number in numbers]
    return ", ".join(told[:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "")


def _paths_on_ext4(made: Record, numbers: list[int], directory: Path) -> dict[int, str]:
    # The disk at the end: by then the journal shows where every block belongs.
    image = directory / "owners.img"
    made.build(len(made.events), set(made.unflushed(len(made.events))), image)
    place = directory / "owners"
    place.mkdir(exist_ok=True)
    subprocess.run([*isolated(), "sh", "-c", 'mount -o loop "$1" "$2" && umount "$2"', "sh", image, place],
                   capture_output=True)
    inodes = dict(re.findall(r"^(\d+)\t(\d+)$", _debugfs(f"icheck {' '.join(map(str, numbers))}", image), re.M))
    names = dict(re.findall(r"^(\d+)\t(/.*)$", _debugfs(f"ncheck {' '.join(set(inodes.values()))}", image), re.M))
    return {
        number: "the journal" if inodes.get(str(number)) == "8" else names.get(inodes.get(str(number), ""), "metadata")
        for number in numbers
    }


def _debugfs(request: str, image: Path) -> str:
    return subprocess.run(["debugfs", "-R", request, image], capture_output=True, text=True).stdout
