"""The daemon reads its configuration again while it works."""

from __future__ import annotations

import os
import signal
import socket
import time

from workshop import Workshop, case, right

WAIT = "#!/bin/sh\necho x >> started\nuntil [ -e go ]; do sleep 0.02; done\necho \"\\\"$1\\\"\"\n"


def configuration(queues: str, word: str = "one", more: str = "") -> str:
    return ("models: {default: {provider: scripted, script: scripted-model.yaml}}\n"
            f"tools: {{wait: {{command: [tools/wait, {word}], effect: read}}}}\n"
            "workflows: {wait: {steps: [{id: wait, tool: wait, arguments: {}}]}}\n"
            f"queues: {{{queues}}}\n{more}")


def configure(shop: Workshop, text: str) -> None:
    """Writes the configuration to a temporary file, and renames it."""
    (shop.spool / "new.yaml").write_text(text)
    (shop.spool / "new.yaml").rename(shop.spool / "agentspool.yaml")


def logged(shop: Workshop, text: str) -> list[str]:
    return [line for line in shop.log.splitlines() if text in line]


def wait_in_tool(shop: Workshop, queue: str) -> None:
    """One job, whose tool waits until it may go on."""
    shop.make(configuration(queue), wait=WAIT)
    shop.start()
    shop.drop("long.json", "{}")
    shop.until("the tool runs", (shop.spool / "started").exists)


def go(shop: Workshop) -> None:
    (shop.spool / "go").touch()


@case("reload-rotation", "log rotation sends SIGHUP to the daemon every night")
def rotation(shop: Workshop) -> str:
    wait_in_tool(shop, "default: {workflow: wait}")
    for night in range(1, 6):
        shop.daemon.send_signal(signal.SIGHUP)
        shop.until(f"night {night} is over", lambda: len(logged(shop, "configuration read again: nothing changed")) >= night)
    go(shop)
    shop.until_ended(1)
    right(shop.daemon.poll() is None and shop.jobs()[0].output == "one", shop.picture)
    return f"5 nights, the daemon and its job are alive; {logged(shop, 'read again')[0][25:]}"


@case("reload-told", "a reload that fails looks like one that worked: its exit status, systemd, and an administrator who looks later")
def told(shop: Workshop) -> str:
    shop.make(configuration("default: {workflow: wait}"), wait=WAIT)
    path = str(shop.directory / "notify")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.settimeout(30)
    shop.start(environment={"NOTIFY_SOCKET": path})
    configure(shop, configuration("default: {workflow: wiat}"))
    done = shop.run("reload")
    messages = [notify.recv(4096).decode() for _ in range(3)]
    right(done.status == 78 and "queues.default.workflow: there is no workflow \"wiat\"" in done.error, done.all)
    right([message.split("\n")[0] for message in messages] == ["READY=1", "RELOADING=1", "READY=1"], messages)
    right("MONOTONIC_USEC=" in messages[1] and "refused" in messages[2], messages)
    right("keeps an earlier configuration" in shop.run("status").out, shop.run("status").out)
    right(len(logged(shop, "configuration refused")) == 1, shop.log)
    configure(shop, configuration("default: {workflow: wait, priority: 1}"))
    right(shop.run("reload").status == 0 and "earlier" not in shop.run("status").out, shop.run("status").out)
    return f"exit status 78, {done.error.splitlines()[0][-60:]}; STATUS={messages[2].split('STATUS=')[1][:60]}…"


@case("reload-half", "an editor truncates the file and writes it while it is read; the first half is valid")
def half(shop: Workshop) -> str:
    whole = configuration("default: {workflow: wait}")
    shop.make(whole, wait=WAIT)
    shop.start()
    changed = whole.replace("queues: {default", "queues: {other: {workflow: wait, priority: 2}, default")
    for cut in (0, changed.index("tools:"), changed.index("queues:")):
        with (shop.spool / "agentspool.yaml").open("w") as file:
            file.write(changed[:cut])
            file.flush()
            shop.daemon.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            file.write(changed[cut:])
        count = len(logged(shop, "configuration "))
        shop.until("it was read", lambda: len(logged(shop, "configuration ")) > 0)
        right(shop.run("reload").status == 0, shop.log)
    lines = logged(shop, "configuration ")
    right(all("refused" not in line and "removed" not in line for line in lines), lines)
    return f"{len(lines)} readings, none of half a file; {count} before the last"


@case("reload-quiet", "a reload quiets the workers: long jobs are cut off, and new ones wait for them")
def quiet(shop: Workshop) -> str:
    wait_in_tool(shop, "default: {workflow: wait, concurrency: 2}")
    configure(shop, configuration("default: {workflow: prompt, concurrency: 2}", "two"))
    right(shop.run("reload").status == 0, shop.log)
    shop.drop("new.txt", "a haiku")
    jobs = shop.until_ended(1)
    right(jobs[0].id and len(shop.jobs("processing")) == 1, shop.picture)
    go(shop)
    jobs = shop.until_ended(2)
    right(all(job.state == "done" for job in jobs) and jobs[0].output == "one", [job.output for job in jobs])
    right(jobs[0].result["steps"][0]["attempts"] == 1, jobs[0].result)
    return "the long job went on in its first attempt, and the new one ran beside it"


@case("reload-key", "a key is wrong, and the right one is put in its place: jobs wait until the service is restarted")
def key(shop: Workshop) -> str:
    shop.make("")
    url = shop.serve("locked_model_server")
    (shop.spool / "key").write_text("bad\n")
    text = f"models: {{default: {{provider: openai, base_url: '{url}/v1', model: m, api_key: {{file: key}}}}}}\n"
    configure(shop, text)
    shop.start()
    shop.drop("first.txt", "hello")
    shop.until_ended(1)
    shop.drop("second.txt", "hello")
    shop.until("the second waits", lambda: shop.jobs("deferred"))
    asked = (shop.directory / "locked_model_server" / "log").read_text().split()
    configure(shop, text + "workers: {concurrency: 3}\n")
    right(shop.run("reload").status == 0, shop.log)
    (shop.spool / "key").write_text("good\n")
    right(shop.run("reload").status == 0, shop.log)
    started = time.monotonic()
    shop.drop("third.txt", "hello")
    jobs = shop.until_ended(2, 20)
    right({job.state for job in jobs} == {"failed", "done"}, shop.picture)
    return f"asked {len(asked)} times with the bad key; the new one counts after {time.monotonic() - started:.1f} s"


@case("reload-limit", "the daemon's own process is what it was: a reload leaves no thread, descriptor or child behind")
def leaves(shop: Workshop) -> str:
    shop.make(configuration("default: {workflow: wait}"), wait=WAIT)
    shop.start()
    right(shop.run("reload").status == 0, shop.log)

    def picture() -> tuple[int, int]:
        base = f"/proc/{shop.daemon.pid}"
        return len(os.listdir(f"{base}/fd")), len(os.listdir(f"{base}/task"))

    before = picture()
    for number in range(40):
        configure(shop, configuration(f"default: {{workflow: wait}}, q{number}: {{workflow: wait}}", f"w{number}"))
        right(shop.run("reload").status == 0, shop.log)
    after = picture()
    watches = sum(line.startswith("inotify") for fd in os.listdir(f"/proc/{shop.daemon.pid}/fdinfo")
                  for line in open(f"/proc/{shop.daemon.pid}/fdinfo/{fd}"))
    right(after[0] <= before[0] + 2 and after[1] <= before[1] + 1, f"{before} became {after}")
    right(watches <= 6, f"{watches} watches")
    return f"after 40 reloads {after[0]} descriptors, {after[1]} threads, {watches} watches"
