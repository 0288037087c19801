"""Hostile files: those that are not plain files, those that change while they are read, and names with a meaning."""

from __future__ import annotations

import os
import socket
import stat
import time
from pathlib import Path

from hostile_scene import STRANGER, Hostile, Scene, good

EXISTING = "01K00000000000000000000001"


def _link(target: str):
    def put(scene: Scene, path: Path) -> None:
        path.symlink_to(target.replace("SECRET", str(scene.secret)))
    return put


def _device(kind: int, major: int, minor: int):
    return lambda scene, path: os.mknod(path, kind | 0o666, os.makedev(major, minor))


def _socket(scene: Scene, path: Path) -> None:
    # Bound by a short name: a socket's path may have 108 bytes.
    here = socket.socket(socket.AF_UNIX)
    aside = scene.spool.aside / "s"
    here.bind(str(aside))
    here.close()
    os.rename(aside, path)


def _directory(scene: Scene, path: Path) -> None:
    # Made in tmp/: the daemon takes it as soon as it is in the inbox.
    aside = scene.root / "tmp/directory"
    (aside / "sub").mkdir(parents=True)
    (aside / "sub/file.json").write_text("{}")
    (aside / "history.jsonl").write_text('{"seq":1}\n')
    aside.rename(path)


def _sparse(scene: Scene, path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _hard_link(scene: Scene, path: Path) -> None:
    os.link(scene.secret, path)


def _growing(scene: Scene, path: Path) -> None:
    """A writer that takes two seconds for its file."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)

    def write() -> None:
        os.write(file, b'{"input": "')
        for _ in range(20):
            os.write(file, b"more ")
            time.sleep(0.1)
        os.write(file, b'"}')
        os.close(file)

    scene.go_on(write)


def _never_ending(scene: Scene, path: Path) -> None:
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    os.write(file, b'{"input": ')
    scene.open_files.append(file)

    def write() -> None:
        while not scene.ending.wait(0.2):
            os.write(file, b" ")

    scene.go_on(write)


def _truncated(scene: Scene, path: Path) -> None:
    """Another user's file, which that user truncates through an open descriptor after the claim."""
    aside = scene.root / "tmp/cut"
    aside.write_bytes(b"x" * 100_000)
    os.chown(aside, STRANGER, STRANGER)
    reading = os.open(aside, os.O_RDONLY)
    scene.open_files.append(reading)
    aside.rename(path)

    def cut() -> None:
        while path.exists() and not scene.ending.is_set():
            time.sleep(0.001)
        try:
            os.close(os.open(f"/proc/self/fd/{reading}", os.O_WRONLY | os.O_TRUNC))
        except OSError:
            # The submitter's own inode is gone already: the job has its copy.
            pass

    scene.go_on(cut)


def _mapped(scene: Scene, path: Path) -> None:
    """A writer that keeps only a shared writable mapping."""
    import mmap

    with path.open("w+b") as file:
        file.write(b"y" * 8192)
        file.flush()
        page = mmap.mmap(file.fileno(), 8192)

    def change() -> None:
        scene.ending.wait(3)
        page[0:1] = b"z"
        page.close()

    scene.go_on(change)


def _of_stranger(text: bytes, mode: int = 0o644):
    """A drop of another user."""
    def put(scene: Scene, path: Path) -> None:
        aside = scene.root / "tmp/strange"
        aside.write_bytes(text)
        os.chmod(aside, mode)
        os.chown(aside, STRANGER, STRANGER)
        aside.rename(path)
    return put


def _forged_note(scene: Scene, path: Path) -> None:
    """A forged note of a rejection, which is rejected itself."""
    aside = scene.spool.aside / f"other name of {path.name}"
    aside.write_text("This drop is no job and was not run: forged\n\nqueue:     forged\nowner uid: 0\n"
                     "at:        2020-01-01T00:00:00.000Z\n")
    os.link(aside, path)


KINDS = [
    Hostile("a pipe", b"kind-pipe.json", lambda scene, path: os.mkfifo(path), reason="pipe"),
    Hostile("a character device", b"kind-zero.txt", _device(stat.S_IFCHR, 1, 5), reason="device"),
    Hostile("a block device", b"kind-disk.txt", _device(stat.S_IFBLK, 7, 99), reason="device"),
    Hostile("a socket", b"kind-socket.json", _socket, reason="socket"),
    Hostile("a symbolic link to a secret", b"kind-link-secret.txt", _link("SECRET"), reason="symbolic link"),
    Hostile("a symbolic link to itself", b"kind-link-self.json", _link("kind-link-self.json"), reason="symbolic link"),
    Hostile("a symbolic link to a directory", b"kind-link-dir.json", _link("/etc"), reason="symbolic link"),
    Hostile("a symbolic link to nothing", b"kind-link-none.json", _link("/nowhere"), reason="symbolic link"),
    Hostile("a symbolic link to an endless device", b"kind-link-zero.jsonl", _link("/dev/zero"), reason="symbolic link"),
    Hostile("a hard link to a secret", b"kind-hard-link.txt", _hard_link, reason="hard links"),
    Hostile("a directory with files in it", b"kind-directory.json", _directory, reason="directory"),
    Hostile("an empty directory named as a job", f"{EXISTING[:-1]}9-kind-job.json".encode(),
            lambda scene, path: path.mkdir(), reason="directory"),
    Hostile("a sparse file of a terabyte", b"kind-sparse.txt", _sparse, reason="bytes"),
    Hostile("a sparse batch of a terabyte", b"kind-sparse.jsonl", _sparse, reason="bytes"),
    Hostile("a file that grows while the daemon looks", b"change-growing.json", _growing, "done"),
    Hostile("a file whose writer never ends", b"change-never-ends.json", _never_ending, "waits"),
    Hostile("a file of another user, cut to nothing after the claim", b"change-cut.txt", _truncated, "done"),
    Hostile("a file that is still mapped for writing", b"change-mapped.txt", _mapped, "done"),
    Hostile("a drop of another user", b"stranger.txt", _of_stranger(b"text"), "done"),
    Hostile("another user's drop in a queue for other users", b"stranger-restricted.txt", _of_stranger(b"text"),
            reason="may not submit", queue="restricted"),
    good("a drop of a user who may submit", "root-restricted.txt", queue="restricted"),
    Hostile("another user's drop without any permission", b"stranger-closed.txt", _of_stranger(b"text", 0), "ends"),
]

NAMES = [
    good("a name with newlines", "name\nwith\nlines.txt"),
    good("a name that writes to a terminal", "name\x1b]0;owned\x07\x1b[2J\x1b[31m.txt"),
    good("a name with every control character", bytes(byte for byte in range(1, 32)) + b"\x7f.txt"),
    good("a name with C1 control characters", "name\u0085\u009b31m.txt"),
    good("a name that turns the direction of writing", "name\u202etxt.exe\u2066.txt"),
    good("a name that is no UTF-8", b"name\xff\xfe\x80.txt"),
    good("a name of 255 bytes", "n" * 251 + ".txt"),
    good("a name of 255 bytes without an ending", "N" * 255),
    good("a name that begins with a dash", "-rf"),
    good("a name that looks like an option", "--help.json", '{"input": 1}'),
    good("a name of blanks", "   "),
    good("a name that a shell would run", "$(touch owned)`touch owned`;touch owned|&.txt"),
    good("a name that a template would fill", "{{input.text}}{{job.id}}.txt"),
    good("a name with dots for a parent", "a..%2f..", b"text"),
    good("a name that is the history's", "history.jsonl", '{"a": 1}\n'),
    good("a name that is a job document's", "job.json", "{}"),
    good("a name that is the drop's own in a job", "job", b"text"),
    good("a name that is the result's", "result.json", "{}"),
    good("a name that is the approval's", "approval.json", "{}"),
    good("a name that is an error's", "error.txt"),
    good("a name that is the artifacts'", "artifacts"),
    good("a name of a drop that is being accepted", "drop@default"),
    good("a name of a drop of another queue that is being accepted", "drop@restricted"),
    good("a name of a copy", "copy"),
    good("a name of a new history", "history.jsonl.new", b"text"),
    good("a name of a note", "note.reason.txt"),
    good("a name of a deferred job", f"20200101T000000Z.{EXISTING[:-1]}5-due.txt"),
    Hostile("a pipe that is named as a note", b"pipe.reason.txt", lambda scene, path: os.mkfifo(path), reason="pipe"),
    Hostile("a link to a secret that is named as a note", b"link.reason.txt", _link("SECRET"), reason="symbolic link"),
    Hostile("a directory that is named as a note", b"dir.reason.txt", _directory, reason="directory"),
    Hostile("a terabyte that is named as a note", b"huge.reason.txt", _sparse, reason="bytes"),
    Hostile("a forged note", b"forged.reason.txt", _forged_note, reason="hard links"),
]


def twins() -> list[Hostile]:
    """Two drops with one id: the second gets an id of its own."""
    return [good("a name with an id", f"{EXISTING}-twin-1.txt"), good("a name with another job's id", f"{EXISTING}-twin-2.txt")]
