"""A real filesystem on a disk that records its writes and flushes, and the disks that a power cut could leave of it.

A process that mounts here must run in namespaces of its own (`isolated`): however it ends, its mounts, loop devices
and processes end with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, NamedTuple

from workshop import built

BLOCK = 4096


@dataclass(frozen=True)
class Filesystem:
    """How a small filesystem is made and mounted."""

    name: str
    megabytes: int
    options: tuple[str, ...]
    mount: str = "loop"
    # Whether the filesystem survives a failed write of a file: not when file data goes through its journal.
    survives_failed_write: bool = True

    @property
    def kind(self) -> str:
        """As mount(8) calls it."""
        return self.name.split(" ")[0]

    @property
    def maker(self) -> str:
        return f"mkfs.{self.kind}"


_EXT4 = ("-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard")


FILESYSTEMS = {
    filesystem.name: filesystem
    for filesystem in (
        Filesystem("ext4", 32, _EXT4),
        # The disks of one record have one UUID, and are mounted beside each other.
        Filesystem("xfs", 300, ("-q", "-f", "-K"), "loop,nouuid"),
        Filesystem("btrfs", 128, ("-q", "-f", "-K")),
        Filesystem("ext4 data=journal", 32, _EXT4, "loop,data=journal", survives_failed_write=False),
    )
}


def missing(filesystem: str) -> str | None:
    """What is needed and missing here, as a sentence; None when nothing is."""
    if os.geteuid() != 0:
        return "disks can only be mounted by root"
    for device in ("/dev/fuse", "/dev/loop-control"):
        if not os.access(device, os.R_OK | os.W_OK):
            return f"{device} cannot be opened"
    for tool in (FILESYSTEMS[filesystem].maker, "unshare", "mount"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    kind = FILESYSTEMS[filesystem].kind
    if not _is_known(kind) and shutil.which("modprobe"):
        subprocess.run(["modprobe", kind], capture_output=True)
    if not _is_known(kind):
        return f"this kernel has no {kind}"
    attempt = subprocess.run([*isolated(), "true"], capture_output=True, text=True)
    return f"no namespaces: {attempt.stderr.strip()}" if attempt.returncode else None


def _is_known(kind: str) -> bool:
    return kind in Path("/proc/filesystems").read_text().split()


def isolated() -> list[str]:
    """The beginning of a command whose mounts and processes end with it."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def workplace() -> Path:
    """A directory for images: in memory where that is possible, because a host's disk would flush for every flush."""
    memory = Path("/dev/shm")
    free = shutil.disk_usage(memory).free if memory.is_dir() else 0
    return Path(tempfile.mkdtemp(prefix="agentspool-disk-", dir=memory if free > 2 << 30 else None))


def run(*command: str | Path) -> str:
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        raise OSError(f"{command[0]} failed: {(result.stderr or result.stdout).strip()}")
    return result.stdout


@contextlib.contextmanager
def mounted(image: Path, filesystem: Filesystem, place: Path) -> Iterator[Path]:
    """The filesystem in `image`, mounted at `place` while the body runs."""
    place.mkdir(exist_ok=True)
    run("mount", "-t", filesystem.kind, "-o", filesystem.mount, image, place)
    try:
        yield place
    finally:
        unmount(place)


def unmount(place: Path) -> None:
    for _ in range(40):
        if subprocess.run(["umount", place], capture_output=True).returncode == 0:
            return
        time.sleep(0.05)
    # A process that outlived its daemon still uses it; both end with the namespace.
    subprocess.run(["umount", "--lazy", place], capture_output=True)


class RecordedDisk:
    """A new filesystem, mounted, whose disk records all that reaches it (disk/recording_disk.c)."""

    def __init__(self, filesystem: Filesystem, directory: Path, flush_microseconds: int = 3000) -> None:
        self.filesystem = filesystem
        self.root = directory / "root"
        self.base, self.log = directory / "base.img", directory / "record"
        self._device = directory / "device"
        self.marks = self._device / "marks"
        for made in (self.root, self._device):
            made.mkdir()
        live = directory / "live.img"
        with live.open("wb") as file:
            file.truncate(filesystem.megabytes << 20)
        run(filesystem.maker, *filesystem.options, live)
        run("cp", "--sparse=always", live, self.base)
        program = built("recording_disk", ["cc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror"],
                        "disk/recording_disk.c")
        self._server = subprocess.Popen([program, live, self.log, self._device, str(flush_microseconds)],
                                        stdin=subprocess.DEVNULL)
        while not self.marks.exists():
            if self._server.poll() is not None:
                raise OSError("the disk could not be served")
            time.sleep(0.005)
        run("mount", "-t", filesystem.kind, "-o", filesystem.mount, self._device / "disk", self.root)

    def mark(self, text: str) -> None:
        """Adds a mark to the record."""
        with self.marks.open("ab", buffering=0) as file:
            file.write(f"{text}\n".encode())

    def cut(self) -> None:
        """Turns the power off: nothing is recorded from here on, and the disk fails whatever is asked of it."""
        (self._device / "power").write_text("off")

    def fail_write(self, text: str) -> None:
        """Makes the next write with this text in it fail, once."""
        (self._device / "power").write_text(text)

    def close(self) -> None:
        """Cuts the power, and removes the disk."""
        self.cut()
        unmount(self.root)
        unmount(self._device)
        self._server.wait(10)


class Event(NamedTuple):
    """One entry of the record: W a write, F a flush, M a mark."""

    kind: str
    offset: int
    data: bytes


class Block(NamedTuple):
    """A part of a write that a disk keeps or loses as a whole: the number of the event, and which part of it."""

    event: int
    part: int


class Record:
    """What reached a disk, in order, and the disks that a cut could have left."""

    _HEADER = struct.Struct("=IIQ")

    def __init__(self, base: Path, log: Path) -> None:
        self._base = base
        self._steady = base.with_name("steady.img")
        self._steady_until = -1
        self.events = list(self._read(log))
        self.flushes = [number for number, event in enumerate(self.events) if event.kind == "F"]

    def _read(self, log: Path) -> Iterator[Event]:
        bytes_, at = log.read_bytes(), 0
        while at + self._HEADER.size <= len(bytes_):
            kind, size, offset = self._HEADER.unpack_from(bytes_, at)
            at += self._HEADER.size
            yield Event(chr(kind), offset, bytes_[at : at + size])
            at += size

    def marks(self, until: int | None = None) -> list[tuple[int, str]]:
        """The lines that were marked before event `until`, each with its event."""
        return [
            (number, line)
            for number, event in enumerate(self.events[:until]) if event.kind == "M"
            for line in event.data.decode(errors="replace").splitlines()
        ]

    def last_flush(self, position: int) -> int:
        """The flush that came last before `position`; -1 when there was none."""
        return max((flush for flush in reversed(self.flushes) if flush < position), default=-1)

    def unflushed(self, position: int) -> list[Block]:
        """The blocks that were written before `position` and that no flush had made safe, in the order of writing."""
        return [
            Block(number, part)
            for number in range(self.last_flush(position) + 1, position)
            if self.events[number].kind == "W"
            for part in range(-(-len(self.events[number].data) // BLOCK))
        ]

    def build(self, position: int, kept: set[Block], image: Path) -> None:
        """Writes the disk of a cut before event `position`, which kept these of the unflushed blocks."""
        self._advance(self.last_flush(position))
        run("cp", "--sparse=auto", "--reflink=auto", self._steady, image)
        with image.open("r+b", buffering=0) as file:
            for block in sorted(kept):
                event, begin = self.events[block.event], block.part * BLOCK
                os.pwrite(file.fileno(), event.data[begin : begin + BLOCK], event.offset + begin)

    def _advance(self, flush: int) -> None:
        """Brings the rolling image, which has all flushed writes, to one flush; back only from the beginning."""
        if not self._steady.exists() or flush < self._steady_until:
            run("cp", "--sparse=auto", "--reflink=auto", self._base, self._steady)
            self._steady_until = -1
        with self._steady.open("r+b", buffering=0) as file:
            for event in self.events[self._steady_until + 1 : flush + 1]:
                if event.kind == "W":
                    os.pwrite(file.fileno(), event.data, event.offset)
        self._steady_until = flush
