"""Forged job directories, forged requests and hostile files where nodes keep their locks."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from hostile_scene import STRANGER, Scene
from spool import Job


@dataclass
class Forgery:
    """A directory in the form of a job: where it is put, and whether the daemon trusts it."""

    what: str
    # Relative to the spool; ID, DUE and DAY are filled in.
    place: str
    change: Callable[[Scene, Path], None] = lambda scene, path: None
    is_believed: bool = False
    # Whether it takes minutes until it is certain that the node is dead.
    is_slow: bool = False
    id: str = ""
    path: Path | None = None


def _chain(path: Path, change: Callable[[list[dict]], list[dict]]) -> None:
    """Writes a changed history, each line with a chain that fits."""
    records = change([json.loads(line) for line in path.read_text().splitlines()])
    previous, lines = b"", []
    for record in records:
        record.pop("chain", None)
        body = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()[:-1]
        previous = hashlib.sha256(previous + body).hexdigest()[:16].encode()
        lines.append(body + b',"chain":"' + previous + b'"}\n')
    path.write_bytes(b"".join(lines))


def _approved(scene: Scene, path: Path) -> None:
    """Adds to the job's history the approval that it waits for."""
    def approve(records: list[dict]) -> list[dict]:
        held = records[-1]
        approval = {"seq": held["seq"] + 1, "epoch": held["epoch"], "at": held["at"], "type": "approved", "uid": 0,
                    "user": "root", "step": held.get("step"),
                    "arguments_hash": (held.get("approval") or {}).get("arguments_hash", "")}
        return [*records, approval]

    _chain(path / "history.jsonl", approve)


def _deferred(scene: Scene, path: Path) -> None:
    """Accepted, and deferred until a time that is past."""
    def defer(records: list[dict]) -> list[dict]:
        accepted = records[0]
        put_off = {"seq": 2, "epoch": accepted["epoch"], "at": accepted["at"], "type": "deferred",
                   "until": "2020-01-01T00:00:00.000Z", "reason": "forged"}
        return [accepted, put_off]

    _chain(path / "history.jsonl", defer)


def _accepted(scene: Scene, path: Path) -> None:
    _chain(path / "history.jsonl", lambda records: records[:1])


def _strangers(*before: Callable[[Scene, Path], None]):
    def change(scene: Scene, path: Path) -> None:
        for step in before:
            step(scene, path)
        for entry in [path, *path.rglob("*")]:
            os.chown(entry, STRANGER, STRANGER)
    return change


def _strange_history(scene: Scene, path: Path) -> None:
    _deferred(scene, path)
    os.chown(path / "history.jsonl", STRANGER, STRANGER)


def _broken(scene: Scene, path: Path) -> None:
    _deferred(scene, path)
    history = path / "history.jsonl"
    history.write_bytes(history.read_bytes().replace(b'"epoch":1', b'"epoch":7', 1))


def _history_is(make: Callable[[Scene, Path], None]):
    def change(scene: Scene, path: Path) -> None:
        (path / "history.jsonl").unlink()
        make(scene, path / "history.jsonl")
    return change


def _sparse(scene: Scene, path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _hard(scene: Scene, path: Path) -> None:
    """A hard link to a history: the owner of the other name can write it."""
    _accepted(scene, scene.spool.aside / "template")
    source = scene.spool.aside / f"linked {path.parent.name}"
    shutil.copy(scene.spool.aside / "template/history.jsonl", source)
    os.link(source, path)


def _moved_link(scene: Scene, path: Path) -> None:
    """The whole directory is a symbolic link to one outside the spool."""
    _deferred(scene, path)
    aside = scene.spool.aside / f"linked {path.name}"
    shutil.move(path, aside)
    path.symlink_to(aside)


HISTORIES = {
    "a pipe": lambda scene, path: os.mkfifo(path),
    "a link to a secret": lambda scene, path: path.symlink_to(scene.secret),
    "a directory": lambda scene, path: path.mkdir(),
    "a terabyte of nothing": _sparse,
}


def forgeries() -> list[Forgery]:
    """Every kind, in every place."""
    found = [
        Forgery("another user's, with an approval, in held/", "held/ID-forged", _strangers(_approved)),
        Forgery("root's own, with an approval, in held/", "held/ID-forged", _approved),
        Forgery("another user's in deferred/", "deferred/DUE.ID-forged", _strangers(_deferred)),
        Forgery("with another user's history in deferred/", "deferred/DUE.ID-forged", _strange_history),
        Forgery("with a changed history in deferred/", "deferred/DUE.ID-forged", _broken),
        Forgery("root's own in deferred/: a restored backup", "deferred/DUE.ID-restored", _deferred, is_believed=True),
        Forgery("a link to one elsewhere, in deferred/", "deferred/DUE.ID-forged", _moved_link),
        Forgery("another user's in done/", "done/DAY/ID-forged", _strangers(_approved)),
        Forgery("another user's in processing/other/", "processing/other/ID-forged", _strangers(_accepted)),
        Forgery("with a changed history in processing/other/", "processing/other/ID-forged", _broken),
        Forgery("root's own in processing/other/: a dead node's", "processing/other/ID-restored", _accepted, is_believed=True),
        Forgery("root's own in processing/gone/, of a node without a lock file", "processing/gone/ID-restored", _accepted,
                is_believed=True, is_slow=True),
    ]
    for place in ("held/ID-forged", "deferred/DUE.ID-forged", "done/DAY/ID-forged", "processing/other/ID-forged"):
        found += [Forgery(f"whose history is {what}, in {place.partition('/')[0]}/", place, _history_is(make))
                  for what, make in HISTORIES.items()]
    return found


def put(scene: Scene, template: Job, forged: list[Forgery], start: int) -> None:
    """Puts every forgery in its place; they are copies of a held job under ids of their own."""
    shutil.copytree(template.path, scene.spool.aside / "template", dirs_exist_ok=True)
    day = template.history.records[0]["at"][:10]
    for number, forgery in enumerate(forged, start):
        forgery.id = f"01K1{number:022}"
        name = forgery.place.replace("ID", forgery.id).replace("DUE", "20200101T000000Z").replace("DAY", day)
        forgery.path = scene.root / name
        forgery.path.parent.mkdir(exist_ok=True)
        # Made outside the spool and moved as a whole, as an administrator does.
        aside = scene.spool.aside / forgery.path.name
        shutil.copytree(scene.spool.aside / "template", aside)
        (aside / "approval.json").unlink(missing_ok=True)
        forgery.change(scene, aside)
        os.rename(aside, forgery.path)


def faults(scene: Scene, forged: list[Forgery]) -> list[str]:
    """What was trusted and should not be, or was not trusted and should be."""
    found = []
    ledger = "\n".join(scene.spool.ledger_lines())
    # A job that is trusted is claimed, and comes to the approval that it waits for.
    good = {forgery.id for forgery in forged if forgery.is_believed}
    claimed = {job.id for job in scene.spool.jobs("held") if job.id in good and job.history.of_type("claimed")}
    for forgery in forged:
        has_run = f"{forgery.id}/" in ledger
        if forgery.is_believed and forgery.id not in claimed:
            found.append(f"{forgery.what}: it was not claimed")
        if not forgery.is_believed and has_run:
            found.append(f"{forgery.what}: it was run")
        if not forgery.is_believed and not os.path.lexists(forgery.path):
            now = [job.state for job in scene.spool.jobs() if job.id == forgery.id]
            # A node reads a history to its end only after it has claimed the job.
            if "changed" in forgery.what and now == ["processing"]:
                continue
            found.append(f"{forgery.what}: it was moved away, to {now or 'nowhere'}")
    return found


# MARK: Requests and nodes

def _request(job: str, action: str = "approve", **more: object) -> str:
    return json.dumps({"action": action, "jobs": [job], **more})


def put_requests(scene: Scene, victim: Job) -> int:
    """Forged requests, each of which would cancel a held job that no request may cancel."""
    control, aside = scene.root / "control", scene.spool.aside
    text = _request(victim.id, "cancel")
    elsewhere = aside / "request.json"
    elsewhere.write_text(text)
    (control / "a-link.json").symlink_to(elsewhere)
    (control / "a-link-self.json").symlink_to("a-link-self.json")
    os.link(elsewhere, control / "a-hard-link.json")
    os.mkfifo(control / "a-pipe.json")
    (control / "a-directory.json").mkdir()
    (control / f"{victim.id}-cancel.json").symlink_to("/dev/zero")
    with (control / "a-terabyte.json").open("wb") as file:
        file.truncate(1 << 40)
    (control / "a-deep.json").write_text('{"action":' + "[" * 100_000)
    (control / "a-huge.json").write_text(text + " " * (2 << 20))
    (control / "a-strange\n\x1b[2J.json").write_text('{"action": "\\u001b[2J"}')
    (control / "a-other.json").write_text(_request("01K00000000000000000000000", "cancel"))
    (control / "a-path.json").write_text(_request("../../etc/passwd", "cancel"))
    (control / "a-none.json").write_text("")
    (control / ".a-dotfile.json").write_text(text)
    (control / "a-approve.json").write_text(_request(victim.id, step="yes", arguments_hash="0" * 16))
    os.close(os.open(os.fsencode(control) + b"/a-\xff.json", os.O_CREAT | os.O_WRONLY, 0o600))
    # A valid request that is still being written when the daemon first sees it.
    slow = os.open(control / "b-slow.json", os.O_CREAT | os.O_WRONLY, 0o600)
    request = _request(scene.spool.environment["SLOW"], "cancel", reason="written slowly").encode()
    os.write(slow, request[:20])

    def finish() -> None:
        scene.ending.wait(2)
        os.write(slow, request[20:])
        os.close(slow)

    scene.go_on(finish)
    return 17


def put_nodes(scene: Scene) -> int:
    """Puts files that are not locks of nodes where those are."""
    nodes = scene.root / "nodes"
    (nodes / "directory").mkdir()
    os.mkfifo(nodes / "pipe")
    (nodes / "link").symlink_to(scene.secret)
    (nodes / "self").symlink_to("self")
    (nodes / "zero").symlink_to("/dev/zero")
    (nodes / "binary").write_bytes(bytes(range(256)) * 10)
    (nodes / "terminal").write_text('{"node":"terminal","pid":1,"host":"\\u001b[2J\\u009b"}')
    with (nodes / "terabyte").open("wb") as file:
        file.truncate(1 << 40)
    (nodes / "..hidden").touch()
    (nodes / "other").touch()
    return 10
