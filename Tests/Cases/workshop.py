"""What the cases share: a spool in a directory of its own, its daemon, the servers with faults, and the table."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable

HERE = Path(__file__).resolve().parent
PROGRAM = os.path.abspath(os.environ.get("AGENTSPOOL_PROGRAM") or HERE.parent.parent / ".build/debug/agentspool")


class Wrong(Exception):
    """What was seen is wrong; the message says, as a sentence, what it was."""


class Skipped(Exception):
    """The case cannot be tried here; the message says why."""


def right(condition: bool, seen: object) -> None:
    if not condition:
        raise Wrong(" ".join(str(seen).split()))


@dataclass(frozen=True)
class Case:
    name: str
    tried: str
    play: Callable[["Workshop"], str]
    seconds: int


CASES: list[Case] = []


def case(name: str, tried: str, seconds: int = 120) -> Callable[[Callable[["Workshop"], str]], Callable[["Workshop"], str]]:
    """Makes a function a case; it returns what was seen, or raises `Wrong` with it.

    `seconds` is how long it may take on a busy machine."""

    def register(play: Callable[["Workshop"], str]) -> Callable[["Workshop"], str]:
        CASES.append(Case(name, tried, play, seconds))
        return play

    return register


@dataclass
class Done:
    """The exit status and the output of a command of the program."""

    status: int
    out: str
    error: str

    @property
    def all(self) -> str:
        return f"exit {self.status} {self.out} {self.error}"


@dataclass
class Job:
    """A job directory, where it lies now."""

    path: Path
    state: str

    @property
    def id(self) -> str:
        return self.path.name.rpartition("Z.")[2][:26]

    @property
    def result(self) -> dict[str, Any]:
        file = self.path / "result.json"
        return json.loads(file.read_text()) if file.exists() else {}

    @property
    def output(self) -> Any:
        return self.result.get("output")

    @property
    def error(self) -> str:
        error = self.result.get("error") or {}
        return f"{error.get('class')}: {error.get('message')}"

    @property
    def history(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.path / "history.jsonl").read_text().splitlines()]

    def records(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.history if record["type"] == kind]


@dataclass
class Workshop:
    """A spool of its own for one case; everything that the case starts ends with it."""

    directory: Path
    deadline: float
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    daemon: subprocess.Popen[bytes] | None = None
    daemons: int = 0

    @property
    def spool(self) -> Path:
        return self.directory / "spool"

    # MARK: The spool

    def make(self, configuration: str, **files: str) -> None:
        """Makes the spool, with this configuration."""
        made = self.run("init", str(self.spool), spool=False)
        assert made.status == 0, made.all
        (self.spool / "agentspool.yaml").write_text(configuration)
        for name, text in files.items():
            self.tool(name, text)

    def tool(self, name: str, text: str) -> None:
        path = self.spool / "tools" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def drop(self, name: str, content: str | bytes, queue: str = "default") -> None:
        """Drops a file in the way that the docs advise: written in tmp/, then renamed."""
        data = content if isinstance(content, bytes) else content.encode()
        (self.spool / "tmp" / name).write_bytes(data)
        (self.spool / "tmp" / name).rename(self.inbox(queue) / name)

    def inbox(self, queue: str = "default") -> Path:
        path = self.spool / "inbox" / queue
        path.mkdir(parents=True, exist_ok=True)
        return path

    # MARK: Programs

    def run(self, *arguments: str, input: str | bytes = "", timeout: float = 90, spool: bool = True) -> Done:
        """Runs a command of the program to its end."""
        data = input if isinstance(input, bytes) else input.encode()
        ran = subprocess.run([PROGRAM, *arguments, *(["--spool", str(self.spool)] if spool else [])], input=data,
                             capture_output=True, timeout=timeout, cwd=self.directory)
        return Done(ran.returncode, ran.stdout.decode(errors="replace").strip(), ran.stderr.decode(errors="replace").strip())

    def start(self, *arguments: str, wrapper: Iterable[str] = (), environment: dict[str, str] | None = None) -> None:
        """Starts the daemon; returns when it is ready."""
        log = self.directory / "daemon.log"
        before = log.read_bytes().count(b" ready\n") if log.exists() else 0
        with log.open("ab") as file:
            self.daemon = subprocess.Popen([*wrapper, PROGRAM, "run", "--spool", str(self.spool), *arguments], stdin=subprocess.DEVNULL,
                                           stdout=file, stderr=file, cwd=self.directory, env={**os.environ, **(environment or {})},
                                           start_new_session=True)
        self.processes.append(self.daemon)
        self.until("the daemon is ready", lambda: log.read_bytes().count(b" ready\n") > before or self.daemon.poll() is not None)
        right(self.daemon.poll() is None, f"the daemon ended: {self.log[-600:]}")

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        assert self.daemon is not None
        self.daemon.send_signal(signal_number)
        return self.daemon.wait(60)

    @property
    def log(self) -> str:
        log = self.directory / "daemon.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def serve(self, name: str) -> str:
        """Starts a model server; its address without a path."""
        place = self.directory / name
        place.mkdir(exist_ok=True)
        self.processes.append(subprocess.Popen(["python3", str(HERE / "servers" / f"{name}.py"), str(place)],
                                               stderr=(place / "stderr").open("wb"), start_new_session=True))
        self.until(f"{name} listens", lambda: (place / "port").exists())
        return f"http://127.0.0.1:{(place / 'port').read_text()}"

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What the quirky model server was asked."""
        log = self.directory / "quirky_model_server" / "requests.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    # MARK: Looking

    def jobs(self, *states: str) -> list[Job]:
        """The jobs that lie in these directories, or all, in the order of their ids."""
        found = [Job(path, state) for state in states or ("processing", "deferred", "held", "done", "failed")
                 for path in (self.spool / state).glob("*" if state in ("deferred", "held") else "*/*")
                 if (path / "history.jsonl").exists()]
        return sorted(found, key=lambda job: job.id)

    @property
    def rejected(self) -> list[Path]:
        """The drops that were rejected, without their reasons."""
        return sorted(path for path in (self.spool / "rejected").glob("*/*") if not path.name.endswith(".reason.txt"))

    @property
    def reasons(self) -> str:
        return " ".join(path.read_text() for path in sorted((self.spool / "rejected").glob("*/*.reason.txt")))

    def until(self, what: str, condition: Callable[[], object], seconds: float | None = None) -> None:
        """Waits until the condition holds; `Wrong` when it does not within the seconds or the case's time."""
        end = min(self.deadline, time.monotonic() + seconds) if seconds else self.deadline
        while not condition():
            if time.monotonic() > end:
                raise Wrong(f"it never happened that {what}: {self.picture}")
            time.sleep(0.05)

    def until_ended(self, count: int, seconds: float | None = None) -> list[Job]:
        """Waits until so many jobs have ended or are held, or were rejected; the jobs."""
        self.until(f"{count} drops have ended", lambda: len(self.jobs("done", "failed", "held")) + len(self.rejected) >= count, seconds)
        return self.jobs("done", "failed", "held")

    @property
    def picture(self) -> str:
        """Where everything lies, in one line."""
        jobs = [f"{job.state} {job.path.name[27:]} {job.error if job.state == 'failed' else ''}".strip() for job in self.jobs()]
        drops = [path.name for path in (self.spool / "inbox").glob("*/*")]
        return f"jobs {jobs}, in the inboxes {drops}, rejected {[path.name for path in self.rejected]} {self.reasons}"[:700]

    def close(self) -> None:
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def play(one: Case) -> tuple[str, str]:
    """Plays a case; its outcome (right, WRONG, skipped) and what was seen."""
    with tempfile.TemporaryDirectory(prefix=f"case-{one.name}-", ignore_cleanup_errors=True) as directory:
        workshop = Workshop(Path(directory), time.monotonic() + one.seconds)
        try:
            return "right", one.play(workshop)
        except Wrong as wrong:
            return "WRONG", str(wrong)
        except Skipped as skipped:
            return "skipped", str(skipped)
        except Exception as error:
            return "WRONG", f"the case itself failed: {type(error).__name__}: {error}; {workshop.picture if workshop.spool.exists() else ''}"
        finally:
            workshop.close()
