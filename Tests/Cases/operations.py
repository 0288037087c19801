"""The daemon in the places where operators run it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from drops import echo
from tools import says
from workshop import HERE, Skipped, Workshop, case, right


@case("B27", "the daemon as PID 1 of a container: orphans of tools")
def reaped(shop: Workshop) -> str:
    if os.geteuid() != 0:
        raise Skipped("needs root, for a PID namespace")
    says(shop, "#!/bin/sh\nfor i in 1 2 3 4 5; do (setsid sh -c 'sleep 0.3' >/dev/null 2>&1 &) ; done\necho fine\n")
    shop.start(wrapper=["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"])
    shop.drop("q.txt", "go")
    shop.until_ended(1)
    right(shop.jobs()[0].state == "done", shop.picture)
    time.sleep(3)
    inside = next(int(pid) for pid in Path(f"/proc/{shop.daemon.pid}/task/{shop.daemon.pid}/children").read_text().split())
    zombies = [pid for pid in Path(f"/proc/{inside}/task/{inside}/children").read_text().split() if ") Z " in Path(f"/proc/{pid}/stat").read_text()]
    right(not zombies, f"{len(zombies)} zombies")
    return "no zombie after 5 orphans"


@case("B28", "a tool is killed by signal 9; the unit's OOMPolicy")
def killed_tool(shop: Workshop) -> str:
    says(shop, "#!/bin/sh\nkill -9 $$\n")
    shop.start()
    shop.drop("q.txt", "go")
    shop.until_ended(1)
    job = shop.jobs()[0]
    right(job.state == "failed" and "signal 9" in job.error and "memory" in job.error, job.error)
    units = " ".join(path.read_text() for path in (HERE.parent.parent / "packaging/systemd").glob("*.service"))
    right("OOMPolicy=continue" in units, "the unit lacks OOMPolicy=continue")
    return job.error


@case("why", "a job that waits says why, in list, show and status")
def waits(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    shop.drop("later.yaml", "run_after: 2h\ninput: {text: later}\n")
    shop.until("it is deferred", lambda: shop.jobs("deferred"))
    time.sleep(1)
    job = shop.jobs("deferred")[0].id
    texts = [shop.run("list").out, shop.run("show", job).out, shop.run("list", "--json").out]
    right('"why"' in texts[2], texts[2])
    right(all("run_after" in text for text in texts), texts)
    return texts[0].splitlines()[-1]
