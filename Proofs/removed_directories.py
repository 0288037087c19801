"""Directories of the spool that are removed under the daemon, and made again or not."""

from __future__ import annotations

import shutil
import time

from cases import Trial, expect
from plain_spool import Log, check_rest, check_whole, plain_spool, start, until_done
from spool import NODE, until

KIND = "removed directories"


def removed_inbox(trial: Trial) -> None:
    """an inbox removed and made again: logged once, the other queues go on, new drops are taken"""
    with plain_spool() as spool:
        start(spool)
        spool.drop("before.txt", "text")
        until_done(spool, ["before.txt"])
        log = Log(spool)
        (spool.root / "inbox/default").rmdir()
        time.sleep(12)
        said = log.troubles
        spool.drop("meanwhile.txt", "text", queue="other")
        until_done(spool, ["meanwhile.txt"])
        check_rest(spool)
        (spool.root / "inbox/default").mkdir()
        spool.drop("after.txt", "text")
        until_done(spool, ["after.txt"], patience=15)
        # The inbox is watched again: the slow scan would find the drop later.
        begin = time.monotonic()
        spool.drop("watched.txt", "text")
        until_done(spool, ["watched.txt"], patience=15)
        trial.note = f"{len(said)} lines; watched again: {time.monotonic() - begin:.1f} s"
        expect(1 <= len(said) <= 2, f"{len(said)} lines: {said}")
        check_whole(spool, ["before.txt", "meanwhile.txt", "after.txt", "watched.txt"])


def removed_places(trial: Trial) -> None:
    """done, failed, held, deferred, rejected, keys, processing and tmp removed: made again when a job needs them"""
    places = ["done", "failed", "held", "deferred", "rejected", "keys", f"processing/{NODE}", "processing"]
    with plain_spool() as spool:
        start(spool)
        trial.tried = len(places)
        for number, place in enumerate(places):
            names = [f"{kind}-{number}" for kind in ("plain.json", "ask.json", "later.json", "bad.json")]
            plain, ask, later, bad = [name.replace(".json", "") + ".json" for name in names]
            shutil.rmtree(spool.root / place, ignore_errors=True)
            log = Log(spool)
            spool.drop(plain, f'{{"idempotency_key": "key-{number}"}}')
            spool.drop(ask, '{"workflow": "asked"}')
            spool.drop(later, '{"run_after": "1s"}')
            spool.drop(bad, "{")
            where = f"after {place}/ was removed"
            until(lambda: bad in spool.rejections(), f"{where}, {bad} in rejected/", 20)
            until(lambda: any(job.name == ask for job in spool.jobs("held")), f"{where}, {ask} in held/", 20)
            until_done(spool, [plain, later], 20)
            held = next(job for job in spool.jobs("held") if job.name == ask)
            expect(spool.run("deny", held.id).returncode == 0, f"{where}, {ask} cannot be denied")
            until_done(spool, [ask], 20, state="failed")
            said = [line for line in log.troubles
                    if not any(word in line for word in ("drop rejected", "job held", "job failed", "job denied"))]
            expect(len(said) <= 1, f"{where}, {len(said)} lines: {said}")
        check_rest(spool)
        # The jobs that lay there are gone, and the next scan of all files removes their rows.
        expect(spool.run("reindex").returncode == 0, "reindex fails")
        check_whole(spool, [])


def removed_control(trial: Trial) -> None:
    """control removed: logged, made again, and a request is carried out"""
    with plain_spool() as spool:
        start(spool)
        spool.drop("ask.json", '{"workflow": "asked"}')
        until(lambda: any(spool.jobs("held")), "the job in held/")
        log = Log(spool)
        shutil.rmtree(spool.root / "control")
        until(lambda: (spool.root / "control").is_dir(), "control/ made again", 20)
        job = next(spool.jobs("held"))
        expect(spool.run("approve", job.id).returncode == 0, "the job cannot be approved")
        until_done(spool, ["ask.json"], 20)
        said = [line for line in log.troubles if "job held" not in line]
        expect(len(said) == 1, f"{len(said)} lines: {said}")
        check_whole(spool, ["ask.json"])


def removed_lock(trial: Trial) -> None:
    """the node's lock file removed: the daemon stops before another can take its name"""
    with plain_spool() as spool:
        start(spool)
        log = Log(spool)
        (spool.root / "nodes" / NODE).unlink()
        until(lambda: not spool.is_running, "the daemon's stop", 25, 0.1)
        expect(spool.exit_status not in (0, None) and spool.exit_status > 0, f"it ended with {spool.exit_status}")
        said = log.lines("critical")
        expect(len(said) == 1 and NODE in said[0], f"it said: {log.lines()}")
        start(spool)
        spool.drop("after.txt", "text")
        until_done(spool, ["after.txt"])
        check_whole(spool, ["after.txt"])


CASES = [removed_inbox, removed_places, removed_control, removed_lock]
