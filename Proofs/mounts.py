"""Small filesystems that a proof may fill, break and remove; all are gone when it ends, however it ends."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from cases import Skipped
from workshop import room

# What must be undone when the program ends before a case does.
_mounted: list[Path] = []
_settings: dict[Path, str] = {}
_lock = threading.Lock()


@contextmanager
def ext4(megabytes: int, inodes: int = 4096) -> Iterator[Path]:
    """A small ext4 on a loop device."""
    with _mounted_room() as (directory, mount):
        image = directory / "image"
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        _command("mkfs.ext4", "-q", "-N", str(inodes), "-O", "^has_journal" if megabytes < 8 else "has_journal", image)
        mount("-o", "loop", image)
        yield directory / "mounted"


@contextmanager
def tmpfs(options: str) -> Iterator[Path]:
    """A filesystem in memory, of a size or with a number of inodes."""
    with _mounted_room() as (directory, mount):
        mount("-t", "tmpfs", "-o", options, "tmpfs")
        yield directory / "mounted"


@contextmanager
def setting(name: str, value: int) -> Iterator[None]:
    """A kernel setting below /proc/sys, put back afterwards."""
    path = Path("/proc/sys") / name
    try:
        before = path.read_text()
        path.write_text(f"{value}\n")
    except OSError as error:
        raise Skipped(f"{name} cannot be set here: {error.strerror}") from None
    with _lock:
        _settings[path] = before
    try:
        yield
    finally:
        path.write_text(before)
        with _lock:
            del _settings[path]


def remount(mounted: Path, mode: str) -> None:
    """Remounts a filesystem with an option, as `abort`."""
    _command("mount", "-o", f"remount,{mode}", mounted)


def mount_again(mounted: Path) -> None:
    """Unmounts an ext4 and mounts it again, as after a repair."""
    _command("umount", mounted)
    # A copy, because the aborted one lives on in other mount namespaces.
    os.sync()
    shutil.copyfile(mounted.parent / "image", mounted.parent / "copy")
    subprocess.run(["e2fsck", "-fy", mounted.parent / "copy"], capture_output=True)
    _command("mount", "-o", "loop", mounted.parent / "copy", mounted)


@contextmanager
def _mounted_room():
    if os.geteuid() != 0:
        raise Skipped("only root may mount")
    directory = room()
    mounted = directory / "mounted"
    mounted.mkdir()

    def mount(*arguments: object) -> None:
        with _lock:
            _mounted.append(mounted)
        _command("mount", *arguments, mounted)

    try:
        yield directory, mount
    finally:
        _unmount(mounted)
        shutil.rmtree(directory, ignore_errors=True)


def _unmount(mounted: Path) -> None:
    with _lock:
        if mounted not in _mounted:
            return
        _mounted.remove(mounted)
    # Lazily when a process still uses it: a loop device ends with its last user.
    if subprocess.run(["umount", mounted], capture_output=True).returncode:
        subprocess.run(["umount", "--lazy", mounted], capture_output=True)


def _command(*arguments: object) -> None:
    try:
        done = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise Skipped(f"{arguments[0]} is not installed") from None
    if done.returncode:
        raise Skipped(f"{arguments[0]} is not possible here: {(done.stderr or done.stdout).strip()}")


@atexit.register
def _clean_up() -> None:
    for path, value in list(_settings.items()):
        path.write_text(value)
    for mounted in list(_mounted):
        _unmount(mounted)
