"""Strikes the daemon at one state-changing call: kills it there, or makes the call fail (interposed/calls.c)."""

from __future__ import annotations

import errno
import mmap
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from workshop import built

# struct control of calls.c, member by member.
_LAYOUT = struct.Struct("=IiQQQIIq16s1024s")
_MODE, _STRUCK, _FAILURES, _CLOCK = 0, 32, 36, 40
OFF, KILL, FAIL_ONCE, FAIL_FOR_GOOD, DROP_DIRECTORY_SYNCS = range(5)


def library() -> Path:
    """The interposing library, built when it is missing or old."""
    return built("calls.so", ["cc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
                              "-fvisibility=hidden"], "interposed/calls.c")


@dataclass(frozen=True, order=True)
class Point:
    """One call of a scenario: its name, and how many calls of that name came before it."""

    name: str
    occurrence: int = 1

    @property
    def kind(self) -> str:
        return self.name.split(" ", 1)[0]

    def __str__(self) -> str:
        return f"{self.name} #{self.occurrence}"


class Calls:
    """The calls of one daemon, over all its lives: records them, and strikes at one."""

    def __init__(self, directory: Path) -> None:
        self._page_path = directory / "control"
        self._trace = directory / "trace"
        self._page_path.write_bytes(bytes(mmap.PAGESIZE))
        with self._page_path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def close(self) -> None:
        self._page.close()

    def environment(self, root: Path, traced: bool = False) -> dict[str, str]:
        """The environment variables for the daemon's start."""
        variables = {"LD_PRELOAD": str(library()), "AGENTSPOOL_PROOF_CONTROL": str(self._page_path),
                     "AGENTSPOOL_PROOF_ROOT": str(root)}
        if traced:
            variables["AGENTSPOOL_PROOF_TRACE"] = str(self._trace)
        return variables

    def arm(self, mode: int, point: Point, error: int = 0) -> None:
        """Strikes the daemon at `point`, once it comes there."""
        clock = struct.unpack_from("=q", self._page, _CLOCK)[0]
        page = _LAYOUT.pack(mode, error, 0, point.occurrence, 0, 0, 0, clock, b"", point.name.encode())
        self._page[: len(page)] = page

    def disarm(self) -> None:
        """Lets all calls through again; the outcome can still be read."""
        struct.pack_into("=I", self._page, _MODE, OFF)

    def set_clock(self, offset_seconds: float) -> None:
        """Sets the daemon's wall clock forward or back from the real one."""
        struct.pack_into("=q", self._page, _CLOCK, int(offset_seconds * 1e9))

    @property
    def has_struck(self) -> bool:
        return bool(struct.unpack_from("=I", self._page, _STRUCK)[0])

    @property
    def failures(self) -> int:
        """How many calls were made to fail."""
        return struct.unpack_from("=I", self._page, _FAILURES)[0]

    def points(self) -> list[Point]:
        """Every call that a traced daemon made, in its order."""
        seen: Counter[str] = Counter()
        points = []
        for name in self._trace.read_text(errors="replace").splitlines() if self._trace.exists() else []:
            seen[name] += 1
            points.append(Point(name, seen[name]))
        return points


ERRORS = {name: getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EIO", "EMFILE", "EROFS", "EACCES", "ESTALE")}
