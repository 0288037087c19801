"""Hostile things that need a spool of their own: the index, inboxes that are links, drops that cannot be moved."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Callable

import mounts
from cases import Skipped, Trial, expect
from hostile_scene import STRANGER
from plain_spool import Log, check_rest, check_whole, plain_spool, start, until_done
from spool import Spool, until
from workshop import program, room

KIND = "hostile places"


def _with_index(trial: Trial, make: Callable[[Spool, Path], None]) -> None:
    """Starts a daemon with this in its index's place: jobs run, and nothing that lay there is lost."""
    with plain_spool() as spool:
        start(spool)
        spool.drop("before.txt", "text")
        until_done(spool, ["before.txt"])
        spool.stop()
        index = spool.root / "index.sqlite"
        for path in spool.root.glob("index.sqlite*"):
            path.unlink()
        make(spool, index)
        spool.start()
        until(lambda: " ready" in spool.last_log or not spool.is_running, "the daemon's start")
        if spool.is_running:
            spool.drop("after.txt", "text")
            until_done(spool, ["after.txt"])
            expect(spool.stop() == 0, "it does not stop well")
        else:
            expect(spool.exit_status in (66, 69, 73, 74, 75, 78), f"it ended with {spool.exit_status}")
            expect("index" in spool.last_log, "it does not say that the index is to blame")
            trial.note = "refused, in a line"
            lines = spool.last_log.splitlines()
            expect(len(lines) == 1, f"it says {lines}")
            shutil.rmtree(index, ignore_errors=True) if index.is_dir() and not index.is_symlink() else index.unlink()
            start(spool)
            spool.drop("after.txt", "text")
            until_done(spool, ["after.txt"])
            expect(spool.stop() == 0, "it does not stop well")
        listed = spool.run("list")
        expect(listed.returncode == 0 and "before.txt" in listed.stdout, f"list: {listed.stdout}{listed.stderr}")


def index_garbage(trial: Trial) -> None:
    """an index of garbage is set aside, and rebuilt from the files"""
    _with_index(trial, lambda spool, index: index.write_bytes(os.urandom(100_000)))


def index_empty(trial: Trial) -> None:
    """an index that is empty is rebuilt from the files"""
    _with_index(trial, lambda spool, index: index.touch())


def index_directory(trial: Trial) -> None:
    """a directory in the index's place is reported, and nothing in it is lost"""
    def make(spool: Spool, index: Path) -> None:
        index.mkdir()
        (index / "file").write_text("kept")
    _with_index(trial, make)


def index_pipe(trial: Trial) -> None:
    """a pipe in the index's place does not block the daemon"""
    _with_index(trial, lambda spool, index: os.mkfifo(index))


def index_link(trial: Trial) -> None:
    """a link to a secret in the index's place: the secret stays as it was"""
    secret = b"a secret\n" * 100
    aside = room()

    def make(spool: Spool, index: Path) -> None:
        (aside / "secret").write_bytes(secret)
        index.symlink_to(aside / "secret")

    try:
        _with_index(trial, make)
        expect((aside / "secret").read_bytes() == secret, "the secret was changed")
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def linked_inbox(trial: Trial) -> None:
    """an inbox that is a link to a directory works; a link to nothing is logged once, and the others go on"""
    with plain_spool() as spool:
        elsewhere = spool.aside / "elsewhere"
        elsewhere.mkdir()
        (spool.root / "inbox/other").symlink_to(elsewhere)
        (spool.root / "inbox/quick").symlink_to(spool.aside / "nowhere")
        spool.start()
        until(lambda: " ready" in spool.last_log or not spool.is_running, "the daemon's start")
        if not spool.is_running:
            (spool.aside / "nowhere").mkdir()
            trial.note = "does not start without one of its inboxes"
            start(spool)
        log = Log(spool)
        spool.drop("linked.txt", "text", queue="other")
        spool.drop("plain.txt", "text")
        until_done(spool, ["linked.txt", "plain.txt"])
        time.sleep(6)
        expect(len(log.troubles) <= 1, f"it says {log.troubles}")
        check_rest(spool)
        check_whole(spool, ["linked.txt", "plain.txt"])


def inbox_elsewhere(trial: Trial) -> None:
    """an inbox on another filesystem: its files are copied and become jobs; a directory stays, is logged once"""
    with mounts.tmpfs("size=4m") as mounted, plain_spool() as spool:
        (spool.root / "inbox/other").symlink_to(mounted)
        start(spool)
        log = Log(spool)
        (mounted / "directory").mkdir()
        (mounted / "a.txt").write_text("text")
        (mounted / "b.txt").write_text("text")
        spool.drop("plain.txt", "text")
        until_done(spool, ["plain.txt", "a.txt", "b.txt"])
        time.sleep(12)
        expect(1 <= len(log.troubles) <= 2, f"it says {log.troubles}")
        expect(os.listdir(mounted) == ["directory"], f"there lies {os.listdir(mounted)}")
        expect(not list(spool.root.glob("processing/*/*")), "something is left in processing/")
        check_rest(spool)
        check_whole(spool, ["plain.txt", "a.txt", "b.txt"])


def _look_again(spool: Spool, trial: Trial) -> None:
    """Lets the daemon try again: it does so within a minute, and at its start."""
    if trial.bounded:
        expect(spool.stop() == 0, "it does not stop well")
        start(spool)


def unmovable_drop(trial: Trial) -> None:
    """a drop that cannot be moved (chattr +i): logged once, it waits, the others of its queue go on"""
    with plain_spool() as spool:
        start(spool)
        path = spool.root / "inbox/default/fixed.txt"
        (spool.root / "tmp/fixed.txt").write_text("text")
        if subprocess.run(["chattr", "+i", spool.root / "tmp/fixed.txt"], capture_output=True).returncode:
            raise Skipped("chattr +i is not possible here")
        subprocess.run(["chattr", "-i", spool.root / "tmp/fixed.txt"], check=True)
        (spool.root / "tmp/fixed.txt").write_text("text")
        log = Log(spool)
        try:
            # Written in the inbox itself, and made immutable before its writer is done.
            with path.open("w") as file:
                file.write("text")
                file.flush()
                subprocess.run(["chattr", "+i", path], check=True)
            names = [f"beside-{number}.txt" for number in range(30)]
            for name in names:
                spool.drop(name, "text")
            until_done(spool, names, 10)
            time.sleep(12)
            said = log.troubles
            check_rest(spool)
            expect(path.exists(), "it is gone")
            expect(len(said) == 1, f"{len(said)} lines: {said}")
            expect("fixed.txt" in said[0], f"it does not say which: {said}")
        finally:
            subprocess.run(["chattr", "-i", path], capture_output=True)
        _look_again(spool, trial)
        until_done(spool, ["fixed.txt"], 90)
        check_whole(spool, ["fixed.txt", *names])


def unprivileged_daemon(trial: Trial) -> None:
    """a daemon that is not root, in a sticky inbox: another user's file is logged once, its own go on"""
    if os.geteuid() != 0:
        raise Skipped("only root may become another user")
    if shutil.which("setpriv") is None:
        raise Skipped("setpriv is not installed")
    with plain_spool() as spool:
        os.chmod(spool.aside, 0o755)
        for directory, names, files in os.walk(spool.root):
            for name in [*names, *files]:
                os.chown(os.path.join(directory, name), STRANGER, STRANGER)
        os.chown(spool.root, STRANGER, STRANGER)
        os.chown(spool.ledger, STRANGER, STRANGER)
        if subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", program(), "--version"],
                          capture_output=True).returncode:
            raise Skipped("another user may not run the program where it lies")
        # The inbox is root's and sticky: only a file's owner may move it.
        box = spool.root / "inbox/default"
        os.chown(box, 0, 0)
        os.chmod(box, 0o1777)
        with spool.log.open("ab") as log_file:
            log_file.write(b"== life 1\n")
            log_file.flush()
            spool._daemon = subprocess.Popen(
                ["setpriv", "--reuid=65534", "--clear-groups", program(), "run", "--spool", spool.root, "--node", "proof"],
                stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file, cwd=spool.root)
        until(lambda: " ready" in spool.last_log or not spool.is_running, "the daemon's start")
        expect(spool.is_running, f"the daemon ended with {spool.exit_status}")
        log = Log(spool)
        (box / "roots.txt").write_text("text")
        names = [f"own-{number}.txt" for number in range(5)]
        for name in names:
            (spool.root / "tmp" / name).write_text("text")
            os.chown(spool.root / "tmp" / name, STRANGER, STRANGER)
            (spool.root / "tmp" / name).rename(box / name)
        until_done(spool, names, 20)
        time.sleep(10)
        said = log.troubles
        expect(len(said) == 1 and "roots.txt" in said[0], f"{len(said)} lines: {said}")
        check_rest(spool)
        # Without the sticky bit the daemon takes the other user's file: it copies it, because it does not own it.
        os.chmod(box, 0o777)
        if not trial.bounded:
            until_done(spool, ["roots.txt"], 90)
        expect(spool.stop() == 0, "it does not stop well")


CASES = [index_garbage, index_empty, index_directory, index_pipe, index_link, linked_inbox, inbox_elsewhere,
         unmovable_drop, unprivileged_daemon]
