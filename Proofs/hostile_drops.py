"""Puts everything hostile into a spool at once, beside good jobs that must all succeed, and checks what became of it.

Played twice: all is there before the daemon starts, and all comes while it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import random
import re
import shutil
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import cases
import forged_jobs
import hostile_files
import hostile_places
import hostile_texts
from cases import expect
from hostile_scene import CONFIGURATION, TOOLS, Fates, Scene
from plain_spool import check_rest, peak_megabytes, prepare, start
from report import Result, finish
from spool import Broken, until
from workshop import program, room

PART = "Hostile drops: everything at once, beside good jobs"
PLAYS = "hostile plays"
BESIDE = "good jobs beside them end well"
MEMORY = 512
GOOD = 100


class Play:
    """One play of everything: its results, by what was checked."""

    def __init__(self, bounded: bool, seed: int, comes_while_it_runs: bool) -> None:
        self.bounded, self.random, self.comes_while_it_runs = bounded, random.Random(seed), comes_while_it_runs
        self.when = "while it runs" if comes_while_it_runs else "before it starts"
        self.results: dict[str, Result] = {}

    def note(self, what: str, kind: str, tried: int, failures: list[str], again: bool = False) -> None:
        result = self.results.setdefault(what, Result(PART, what, kind, again=again))
        result.tried += tried
        result.failures += [f"{self.when}: {failure}" for failure in failures]

    def run(self) -> dict[str, Result]:
        aside = room()
        canary = f"CANARY{self.random.getrandbits(64):016X}"
        secret = aside / "secret"
        secret.write_text(f"{canary}\n")
        secret.chmod(0o600)
        tools = {name: text.replace("SECRET", str(secret)) for name, text in TOOLS.items()}
        scene = None
        try:
            spool = prepare(aside / "spool", aside, CONFIGURATION, tools)
            scene = Scene(spool, secret, canary)
            self._play(scene)
        except Exception as fault:
            said = scene.spool.last_log[-1500:] if scene else ""
            shown = str(fault) if isinstance(fault, Broken) else traceback.format_exc()
            self.note("it is played to the end", PLAYS, 1, [f"{shown}\n  log: {said}"])
        finally:
            if scene:
                scene.close()
                scene.spool.kill()
            shutil.rmtree(aside, ignore_errors=True)
        return self.results

    def _play(self, scene: Scene) -> None:
        spool = scene.spool
        for queue in ("default", "texts", "restricted"):
            (scene.root / "inbox" / queue).mkdir(exist_ok=True)
        # Held jobs: one to forge from, one for forged requests, one for a valid request.
        start(spool)
        for name in ("template.json", "victim.json", "slow.json"):
            spool.drop(name, '{"workflow": "asked"}')
        until(lambda: len(list(spool.jobs("held"))) == 3, "three held jobs")
        template, victim, slow = [next(job for job in spool.jobs("held") if job.name == name)
                                  for name in ("template.json", "victim.json", "slow.json")]
        spool.environment["SLOW"] = slow.id
        if not self.comes_while_it_runs:
            expect(spool.stop() == 0, "the daemon does not stop well")
        groups = {
            "files that are no plain files, or change": hostile_files.KINDS,
            "names that mean something": hostile_files.NAMES + hostile_files.twins(),
            "hostile documents": hostile_texts.DOCUMENTS,
            "hostile tools": hostile_texts.TOOLS,
            BESIDE: hostile_texts.good_jobs(GOOD),
        }
        forged = forged_jobs.forgeries()
        drops = [drop for group in groups.values() for drop in group]
        self.random.shuffle(drops)
        scene.put(drops[: len(drops) // 2])
        forged_jobs.put(scene, template, forged, 1)
        requests = forged_jobs.put_requests(scene, victim)
        nodes = forged_jobs.put_nodes(scene)
        scene.put(drops[len(drops) // 2:])
        before = {inode: path for inode, path in _inventory(scene).items()
                  if path.startswith("inbox/") and path.count("/") > 1 or "-forged" in path}
        if not self.comes_while_it_runs:
            start(spool)
        self._settle(scene, slow)
        found = Fates(spool)
        for what, group in groups.items():
            kind = "good jobs" if group is groups[BESIDE] else "hostile drops"
            self.note(what, kind, len(group), [f"{drop.what} ({drop.shown[:60]!r}): {fault}" for drop in group
                                         if (fault := scene.fate(drop, found))])
        # The daemon does not watch every directory: it finds what was put there within a minute or two.
        late = self.bounded and self.comes_while_it_runs
        looked = [forgery for forgery in forged if not forgery.is_slow or not self.bounded]
        looked = [forgery for forgery in looked if not (late and forgery.is_believed)]
        self.note("forged job directories", "forged jobs", len(looked), forged_jobs.faults(scene, looked))
        self.note("forged requests", "forged requests", requests, self._request_faults(scene, victim, slow))
        self.note("the daemon lives, rests and stays small", PLAYS, 1, self._daemon_faults(scene))
        self.note("nothing is deleted", "files", len(before), self._lost(scene, before))
        self.note("commands work, and write nothing raw to a terminal", "commands", *self._command_faults(scene))
        self.note("no secret is read", PLAYS, 1, self._secrets(scene), again=True)
        self.note("hostile files in nodes/", "forged nodes", nodes, self._node_faults(scene))

    def _settle(self, scene: Scene, slow) -> None:
        try:
            until(lambda: scene.is_settled() or not scene.spool.is_running, "the end of all drops", 45, 0.2)
        except Broken:
            pass
        expect(scene.spool.is_running, f"the daemon ended with {scene.spool.exit_status}")
        # These take longer: a request, a dead node, a job that became due.
        waits = [lambda: any(job.id == slow.id for job in scene.spool.jobs("failed"))]
        if not self.bounded:
            waits.append(lambda: not list(scene.root.glob("processing/*/*-restored")))
        for wait in waits:
            try:
                until(wait, "", 150 if not self.bounded else 12, 0.1)
            except Broken:
                pass

    # MARK: Checks

    def _daemon_faults(self, scene: Scene) -> list[str]:
        faults = []
        try:
            check_rest(scene.spool, 2.0)
        except Broken as fault:
            faults.append(str(fault))
        peak = peak_megabytes(scene.spool)
        self.peak = peak
        if peak >= MEMORY:
            faults.append(f"it took {peak} MB")
        lines = scene.spool.last_log.splitlines()
        plain = [re.sub(r"^\S+ ", "", line) for line in lines]
        often = {line for line in plain if plain.count(line) > 2 and (line.startswith(("error", "critical", "warning")))}
        faults += [f"it says {plain.count(line)} times: {line[:300]}" for line in sorted(often)[:5]]
        raw = [line for line in lines if re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", line)]
        faults += [f"its log has control characters: {line[:200]!r}" for line in raw[:3]]
        return faults

    def _request_faults(self, scene: Scene, victim, slow) -> list[str]:
        states = {job.id: job.state for job in scene.spool.jobs()}
        faults = []
        if states.get(victim.id) != "held":
            faults.append(f"a forged request was carried out: the job lies in {states.get(victim.id)}/")
        if states.get(slow.id) != "failed":
            faults.append(f"a request that was written slowly was not carried out: the job lies in {states.get(slow.id)}/")
        return faults

    def _node_faults(self, scene: Scene) -> list[str]:
        """Only plain files are locks: any other file that is shown as a node was opened."""
        status = scene.spool.run("status", "--json")
        shown = {node["node"] for node in json.loads(status.stdout)["nodes"]}
        strange = shown & {"directory", "pipe", "link", "self", "zero"}
        return [f"{sorted(strange)} are shown as nodes"] if strange or "proof" not in shown else []

    def _lost(self, scene: Scene, before: dict[tuple[int, int], str]) -> list[str]:
        """Inodes that are gone; of another user's drop the daemon keeps a copy of its own."""
        now = _inventory(scene)
        strange = ("stranger", "change-cut", "control/", "index.sqlite")
        return [f"{path} is gone" for inode, path in before.items()
                if inode not in now and not any(word in path for word in strange)]

    def _command_faults(self, scene: Scene) -> tuple[int, list[str]]:
        jobs = [job for job in scene.spool.jobs() if not job.name.startswith(("good-", "forged"))]
        commands = [["status"], ["list", "--limit", "1000"], ["list", "--state", "rejected", "--limit", "1000"],
                    ["list", "--limit", "1000", "--json"], ["status", "--json"], ["verify"]]
        some = self.random.sample(jobs, min(len(jobs), 12 if self.bounded else 60))
        some += [job for job in jobs if job.name in ("tool-control.json", "text-control.txt")]
        commands += [[verb, job.id] for job in some for verb in ("show", "history", "result")]
        forged = [path.name.rpartition(".")[2][:26] for path in scene.root.glob("deferred/*")]
        commands += [["show", id] for id in forged]
        with ThreadPoolExecutor(3) as pool:
            faults = list(pool.map(lambda command: _terminal_fault(scene, command), commands))
        return len(commands), [fault for fault in faults if fault]

    def _secrets(self, scene: Scene) -> list[str]:
        canary, found = scene.canary.encode(), []
        secret = scene.secret.stat().st_ino
        for path in [scene.spool.log, *scene.root.rglob("*")]:
            # A hard link to the secret is where the scene put it.
            if path.is_symlink() or not path.is_file() or path.stat().st_ino == secret or path.stat().st_size > 1 << 28:
                continue
            if canary in path.read_bytes():
                found.append(f"the secret stands in {path.relative_to(scene.spool.aside)}")
        return found


def _inventory(scene: Scene) -> dict[tuple[int, int], str]:
    """Every file in the spool, by its inode."""
    found = {}
    for directory, names, files in os.walk(scene.root):
        for name in files + names:
            path = os.path.join(directory, name)
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                continue
            found.setdefault((status.st_dev, status.st_ino), os.path.relpath(path, scene.root))
    return found


def _terminal_fault(scene: Scene, command: list[str]) -> str | None:
    """Runs a command on a terminal of its own."""
    leader, follower = pty.openpty()
    shown = " ".join(command)
    output = bytearray()
    try:
        process = subprocess.Popen([program(), *command, "--spool", scene.root], stdin=subprocess.DEVNULL,
                                   stdout=follower, stderr=follower, env={**os.environ, "NO_COLOR": "1"})
        os.close(follower)
        end = time.monotonic() + 30
        os.set_blocking(leader, False)
        while time.monotonic() < end:
            try:
                part = os.read(leader, 1 << 16)
            except BlockingIOError:
                time.sleep(0.005)
                continue
            except OSError:
                break
            if not part:
                break
            output += part
        try:
            status = process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"{shown} does not end"
    finally:
        os.close(leader)
    text = output.decode(errors="replace").replace("\r\n", "\n")
    if status < 0 or status not in (0, 1, 65, 66, 75):
        return f"{shown} ended with {status}: {text[-300:]!r}"
    found = re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", text)
    if found:
        return f"{shown} writes {found[0]!r} to the terminal: {text[max(0, found.start() - 60):found.start() + 20]!r}"
    if scene.canary in text:
        return f"{shown} shows the secret"
    return None


def run(bounded: bool, seed: int) -> list[Result]:
    """Both plays of everything, and the places that need a spool of their own."""
    if os.geteuid() != 0:
        return [Result(PART, "everything at once", PLAYS, skipped=True, note="only root may make devices, and files of others")]
    plays = [Play(bounded, seed + number, bool(number)) for number in range(2)]
    with ThreadPoolExecutor(3) as pool:
        others = pool.submit(cases.run, PART, hostile_places.CASES, bounded, seed, 2)
        played = list(pool.map(Play.run, plays))
        results = {**played[1], **played[0]}
        for what, result in played[1].items():
            if results[what] is not result:
                results[what].tried += result.tried
                results[what].failures += result.failures
        peak = max((getattr(play, "peak", 0) for play in plays), default=0)
        if result := results.get("the daemon lives, rests and stays small"):
            result.note = f"{peak} MB at most"
        return [*results.values(), *others.result()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=PART)
    parser.add_argument("--bounded", action="store_true", help="the form for every build: fewer checks, and sooner")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cases.put_back_when_stopped()
    print(PART)
    sys.exit(finish(run(options.bounded, options.seed)))
