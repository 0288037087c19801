"""The order in which jobs start: that of their drops."""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path

from workshop import Skipped, Workshop, case, right

WORKFLOW = """
workflows: {note: {input: {}, steps: [{id: say, tool: note, arguments: {name: "{{input.name}}"}}]}}
tools: {note: {command: [tools/note], effect: read, parameters: {type: object, properties: {name: {type: string}}}}}
"""
START = 1_780_000_000


def note(shop: Workshop, seconds: float = 0, queue: str = "concurrency: 1") -> None:
    """A spool whose only tool writes down the names that it gets, in the order in which it is started."""
    shop.make(WORKFLOW + f"queues: {{default: {{workflow: note, {queue}}}}}\n",
              note=f"#!/bin/sh\necho \"$(cat)\" >> {shop.directory}/started\nsleep {seconds}\necho 1\n")


def started(shop: Workshop) -> list[str]:
    """The names in the order of their first starts."""
    lines = (shop.directory / "started").read_text().splitlines() if (shop.directory / "started").exists() else []
    return list(dict.fromkeys(json.loads(line)["name"] for line in lines))


def waiting(shop: Workshop, count: int, seed: int) -> list[str]:
    """Puts files into the inbox, some with the same mtime; returns their names in the wanted order."""
    names = [f"f{number:03}.txt" for number in range(count)]
    random.Random(seed).shuffle(names)
    times = {}
    for name in names:
        (shop.inbox() / name).write_text("text")
        times[name] = START + random.Random(name).randrange(count // 2)
        os.utime(shop.inbox() / name, (times[name], times[name]))
    return sorted(names, key=lambda name: (times[name], name))


def in_order(shop: Workshop, wanted: list[str]) -> str:
    """Checks that all were started in that order, and that their ids are in that order, too."""
    shop.until_ended(len(wanted))
    seen = started(shop)
    first = next((index for index, (left, right_) in enumerate(zip(seen, wanted)) if left != right_), None)
    right(seen == wanted, f"from the {first}th on it was {seen[first or 0:][:12]}, wanted {wanted[first or 0:][:12]}")
    by_id = [job.path.name.rpartition("Z.")[2][27:] for job in shop.jobs("done")]
    ids = [name for name in by_id if name in set(wanted)]
    right(ids == wanted, f"the ids are in another order: {ids[:12]}, wanted {wanted[:12]}")
    return f"{len(wanted)} in order"


@case("order-waiting", "60 files with mixed times wait for a queue with concurrency 1")
def waited(shop: Workshop) -> str:
    note(shop)
    wanted = waiting(shop, 60, 1)
    shop.start()
    return in_order(shop, wanted)


@case("order-arriving", "300 files come to a running daemon, with old times, against the order of their names")
def arriving(shop: Workshop) -> str:
    note(shop)
    shop.start()
    wanted = [f"f{number:03}.txt" for number in range(300)]
    random.Random(2).shuffle(wanted)
    for index, name in enumerate(wanted):
        file = shop.spool / "tmp" / name
        file.write_text("text")
        os.utime(file, (START - index, START - index))
        file.rename(shop.inbox() / name)
        if index % 50 == 49:
            time.sleep(0.2)
    return in_order(shop, wanted)


def drop_until_done(shop: Workshop, wanted: list[str], how: signal.Signals, seed: int, most: int) -> int:
    """Ends and starts the daemon until all jobs are done; returns how often."""
    pauses, count = random.Random(seed), 0
    while len(shop.jobs("done")) < len(wanted):
        shop.start()
        if count == most:
            shop.until_ended(len(wanted))
            break
        time.sleep(pauses.uniform(0, 0.6))
        shop.stop(how)
        count += 1
    return count


@case("order-restart", "60 files wait, the daemon is stopped and started again and again")
def restarted(shop: Workshop) -> str:
    note(shop, 0.05)
    wanted = waiting(shop, 60, 3)
    count = drop_until_done(shop, wanted, signal.SIGTERM, 3, 6)
    return f"{in_order(shop, wanted)} after {count} restarts"


@case("order-killed", "120 files wait, the daemon is killed again and again", 180)
def killed(shop: Workshop) -> str:
    note(shop, 0.02)
    wanted = waiting(shop, 120, 4)
    count = drop_until_done(shop, wanted, signal.SIGKILL, 4, 12)
    held = shop.jobs("held")
    right(not held, f"{len(held)} held")
    return f"{in_order(shop, wanted)} after {count} kills"


@case("order-priorities", "30 documents of ten priorities wait; each priority in the order of its drops")
def priorities(shop: Workshop) -> str:
    note(shop)
    wanted = []
    for number in range(30):
        name, priority = f"d{number:02}.yaml", (number * 7) % 10
        (shop.inbox() / name).write_text(f"priority: {priority}\ninput: {{name: {name}}}\n")
        os.utime(shop.inbox() / name, (START + 100 - number, START + 100 - number))
        wanted.append((-priority, -number, name))
    shop.start()
    shop.until_ended(30)
    names = [name for _, _, name in sorted(wanted)]
    right(started(shop) == names, f"{started(shop)}, wanted {names}")
    return f"30 in order: {names[0]} … {names[-1]}"


@case("order-submitted", "files and submitted jobs by turns, waiting for the daemon")
def submitted(shop: Workshop) -> str:
    note(shop)
    wanted = []
    for number in range(12):
        name = f"x{(number * 5) % 12:02}.txt"
        if number % 2:
            (shop.directory / name).write_text("text")
            done = shop.run("submit", name)
            right(done.status == 0, done.all)
        else:
            (shop.inbox() / name).write_text("text")
        wanted.append(name)
        time.sleep(0.02)
    shop.start()
    shop.until_ended(12)
    right(started(shop) == wanted, f"{started(shop)}, wanted {wanted}")
    return "12 in order"


@case("order-copied", "40 files in an inbox on another filesystem, out of which they are copied")
def copied(shop: Workshop) -> str:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == shop.directory.stat().st_dev:
        raise Skipped("there is no other filesystem")
    note(shop)
    with tempfile.TemporaryDirectory(dir=elsewhere) as directory:
        (inbox := shop.inbox()).rmdir()
        inbox.symlink_to(directory)
        wanted = waiting(shop, 40, 5)
        shop.start()
        return in_order(shop, wanted)


@case("order-kinds", "batches, rows, documents with keys and files, by turns")
def kinds(shop: Workshop) -> str:
    note(shop, queue="concurrency: 1, rows: true")
    contents = {"txt": "text", "yaml": "input: {name: k}\nidempotency_key: KEY\n", "csv": "name\na\nb\n", "jsonl": '{"name": "a"}\n{"name": "b"}\n'}
    wanted = []
    for number in range(24):
        ending = list(contents)[number % 4]
        name = f"k{(number * 7) % 24:02}.{ending}"
        (shop.inbox() / name).write_text(contents[ending].replace("KEY", name))
        os.utime(shop.inbox() / name, (START + number, START + number))
        wanted.append(name)
    shop.start()
    shop.until_ended(24)
    jobs = shop.jobs("done", "failed")
    seen = [job.path.name[27:] for job in jobs]
    right(seen == wanted, f"the ids: {seen}, wanted {wanted}; {shop.picture}")
    times = [job.records("step.started")[0]["at"] for job in jobs]
    right(times == sorted(times), f"the starts: {times}")
    return f"{len(wanted)} in order"


@case("order-unready", "the first of five is still written: the others do not wait for it")
def unready(shop: Workshop) -> str:
    note(shop)
    names = [f"u{number}.txt" for number in range(5)]
    with (shop.inbox() / names[0]).open("w") as file:
        file.write("half ")
        file.flush()
        for name in names[1:]:
            (shop.inbox() / name).write_text("text")
        shop.start()
        shop.until("the others are done", lambda: len(shop.jobs("done")) == 4, 60)
        file.write("whole")
    shop.until_ended(5)
    right(started(shop) == names[1:] + names[:1], started(shop))
    return f"{started(shop)}"
