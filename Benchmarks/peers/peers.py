"""What people would use instead, measured on loopback: `make bench-peers` installs and starts them.

Rates are of jobs that do nothing and all wait before the workers start. Latencies are of one job at a time, from its
submission until a worker has it. Each figure says how much a power cut would lose.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

HERE = Path(__file__).resolve().parent
RUNS = int(os.environ.get("RUNS", "5"))


@dataclass
class Figure:
    """One measured quantity of one system, a value a run."""

    system: str
    durability: str
    name: str
    unit: str
    samples: list[float] = field(default_factory=list)


@contextmanager
def running(*command: str, **options) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield process
    finally:
        # Workers start processes of their own.
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def connected(port: int) -> socket.socket:
    for _ in range(200):
        try:
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


class Beanstalk:
    """As much of beanstalkd's protocol as is measured."""

    def __init__(self, port: int):
        self.connection = connected(port)
        self.lines = self.connection.makefile("rb")

    def ask(self, text: bytes) -> bytes:
        self.connection.sendall(text)
        return self.lines.readline()

    def put(self, body: bytes) -> None:
        assert self.ask(b"put 0 0 60 %d\r\n%s\r\n" % (len(body), body)).startswith(b"INSERTED")

    def reserve(self) -> bytes:
        _, identifier, size = self.ask(b"reserve\r\n").split()
        self.lines.read(int(size) + 2)
        return identifier

    def delete(self, identifier: bytes) -> None:
        assert self.ask(b"delete %s\r\n" % identifier) == b"DELETED\r\n"


def beanstalkd(directory: Path, sync: str, durability: str, jobs: int) -> list[Figure]:
    rate = Figure("beanstalkd", durability, "jobs, one worker", "jobs/s")
    p50, p99 = (Figure("beanstalkd", durability, f"put to worker, {name}", "ms") for name in ("p50", "p99"))
    for run in range(RUNS):
        log, port = directory / f"binlog-{run}", free_port()
        log.mkdir()
        with running("/usr/bin/beanstalkd", "-l", "127.0.0.1", "-p", str(port), "-b", str(log), *sync.split()):
            client, worker = Beanstalk(port), Beanstalk(port)
            for number in range(jobs):
                client.put(b'{"input":{"n":%d}}' % number)
            begin = time.monotonic()
            for _ in range(jobs):
                worker.delete(worker.reserve())
            rate.samples.append(jobs / (time.monotonic() - begin))
            delays = []
            for _ in range(300):
                begin = time.monotonic()
                client.put(b"{}")
                identifier = worker.reserve()
                delays.append((time.monotonic() - begin) * 1_000)
                worker.delete(identifier)
            delays.sort()
            p50.samples.append(delays[150])
            p99.samples.append(delays[297])
        shutil.rmtree(log)
    return [rate, p50, p99]


def inoticoming(directory: Path) -> list[Figure]:
    p50, p99 = (Figure("inoticoming", "nothing is synced", f"rename to command, {name}", "ms") for name in ("p50", "p99"))
    for run in range(RUNS):
        inbox, out = directory / f"inbox-{run}", directory / f"out-{run}"
        inbox.mkdir()
        out.mkdir()
        # The command moves the file: a sample ends when the file is there.
        with running("/usr/bin/inoticoming", "--foreground", str(inbox), "/bin/mv", f"{inbox}/{{}}", str(out), ";"):
            time.sleep(0.5)
            delays = []
            for number in range(200):
                staged, target = directory / f"staged-{number}", out / f"staged-{number}"
                staged.write_text("{}")
                begin = time.monotonic()
                staged.rename(inbox / staged.name)
                while not target.exists():
                    pass
                delays.append((time.monotonic() - begin) * 1_000)
            delays.sort()
            p50.samples.append(delays[100])
            p99.samples.append(delays[198])
    return [p50, p99]


@contextmanager
def redis(directory: Path, *options: str) -> Iterator[int]:
    port = free_port()
    directory.mkdir(exist_ok=True)
    with running("/usr/bin/redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "", *options):
        connected(port).close()
        yield port


def python_queue(name: str, directory: Path, options: list[str], durability: str, jobs: int) -> list[Figure]:
    """Celery or Dramatiq with two worker processes, as they start by default on two cores."""
    rate = Figure(name, durability, "jobs, two processes", "jobs/s")
    for run in range(RUNS):
        with redis(directory / f"redis-{run}", *options) as port:
            environment = {**os.environ, "PEER_BROKER": f"redis://127.0.0.1:{port}/0", "PYTHONPATH": str(HERE)}
            tool = [sys.executable, str(HERE / f"{name.lower()}_tasks.py")]
            subprocess.run([*tool, "enqueue", str(jobs)], env=environment, check=True)
            begin = None
            with running(*[sys.executable, "-m", *WORKERS[name]], env=environment, cwd=directory):
                with connected(port) as connection, connection.makefile("rb") as lines:
                    done = 0
                    while done < jobs:
                        connection.sendall(b"GET done\r\n")
                        head = lines.readline()
                        done = int(lines.readline()) if head != b"$-1\r\n" else 0
                        # The start of the interpreters takes a second and does not count.
                        if done and begin is None:
                            begin, before = time.monotonic(), done
                        time.sleep(0.002)
            rate.samples.append((jobs - before) / (time.monotonic() - begin))
        shutil.rmtree(directory / f"redis-{run}", ignore_errors=True)
    return [rate]


WORKERS = {
    "Celery": ["celery", "-A", "celery_tasks", "worker", "--concurrency", "2", "--loglevel", "ERROR"],
    "Dramatiq": ["dramatiq", "dramatiq_tasks", "--processes", "2", "--threads", "8"],
}


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="agentspool-peers-"))
    figures: list[Figure] = []
    synced = ["--appendonly", "yes", "--appendfsync", "always"]
    try:
        figures += beanstalkd(directory, "-f0", "synced at each write", 5_000)
        figures += beanstalkd(directory, "-F", "binlog, not synced", 5_000)
        figures += inoticoming(directory)
        for name in WORKERS:
            figures += python_queue(name, directory, [], "Redis, in memory alone", 10_000)
            figures += python_queue(name, directory, synced, "Redis, synced at each write", 10_000)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    rows = [("SYSTEM", "FIGURE", "MEDIAN", "LOWEST", "HIGHEST", "UNIT", "DURABILITY")]
    for figure in figures:
        values = (statistics.median(figure.samples), min(figure.samples), max(figure.samples))
        rows.append((figure.system, figure.name, *(f"{value:,.{0 if value >= 100 else 2}f}" for value in values),
                     figure.unit, figure.durability))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(width) if 2 <= column <= 4 else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps([vars(figure) for figure in figures], indent=2) + "\n")


if __name__ == "__main__":
    main()
