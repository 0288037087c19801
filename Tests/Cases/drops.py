"""Drops as people and programs make them."""

from __future__ import annotations

import os
import time

from workshop import Skipped, Workshop, case, right

SCRIPTED = """
models: {default: {provider: scripted, script: scripted-model.yaml}}
workflows: {echo: {input: {}, steps: [{id: say, tool: echo, arguments: {text: "{{input.text}}"}}]}}
tools: {echo: {command: [tools/echo], effect: read, parameters: {type: object, properties: {text: {type: string}}}}}
"""
ECHO = "#!/usr/bin/env python3\nimport json, sys\nprint(json.dumps('echo: ' + json.load(sys.stdin)['text']))\n"


def echo(shop: Workshop, queue: str = "") -> None:
    """A spool whose only tool repeats the text that it gets."""
    shop.make(SCRIPTED + f"queues: {{default: {{workflow: echo{', ' + queue if queue else ''}}}}}\n", echo=ECHO)


def one(shop: Workshop, wanted: str, seconds: float = 60) -> str:
    """The only job; `Wrong` when there are more, or its output is a different one."""
    jobs = shop.until_ended(1, seconds)
    time.sleep(3)
    jobs = shop.jobs()
    right(len(jobs) == 1 and not shop.rejected and jobs[0].output == wanted, f"{[job.output for job in jobs]}; {shop.picture}")
    return f"one job: {jobs[0].output!r}"


@case("B01a", "a scanner opens its file again for each page, settle: 8s")
def scanner(shop: Workshop) -> str:
    echo(shop, "settle: 8s")
    shop.start()
    for page in range(3):
        with (shop.inbox() / "scan.txt").open("a") as file:
            file.write(f"page {page}\n")
        time.sleep(3)
    return one(shop, "echo: page 0\npage 1\npage 2\n")


@case("B01b", "an empty file first, the bytes a second later")
def empty_first(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    (shop.inbox() / "note.txt").touch()
    time.sleep(1)
    (shop.inbox() / "note.txt").write_text("hello")
    return one(shop, "echo: hello")


@case("B01c", "another user's upload stalls 15 s, daemon without CAP_LEASE", 150)
def stalled_upload(shop: Workshop) -> str:
    if os.geteuid() != 0:
        raise Skipped("needs root, to be two users")
    echo(shop)
    os.chmod(shop.directory, 0o755)
    for path in [shop.spool, *shop.spool.rglob("*")]:
        os.chown(path, 65534, 65534)
    os.chmod(shop.inbox(), 0o777)
    shop.start(wrapper=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"])
    with (shop.inbox() / "upload.txt").open("w") as file:
        os.chmod(file.name, 0o644)
        file.write("first half, ")
        file.flush()
        time.sleep(15)
        file.write("second half")
    return one(shop, "echo: first half, second half")


@case("B02", "an SFTP client uploads the same file three times, settle: 5s")
def sent_again(shop: Workshop) -> str:
    echo(shop, "settle: 5s")
    shop.start()
    for _ in range(3):
        (shop.inbox() / "upload.txt").write_text("the upload")
        time.sleep(0.5)
    return one(shop, "echo: the upload")


@case("B03", "delivery by link(2), unlink(2) of the other name 0.8 s later")
def by_link(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    (shop.spool / "tmp/new").write_text("linked")
    os.link(shop.spool / "tmp/new", shop.inbox() / "mail.txt")
    time.sleep(0.8)
    os.unlink(shop.spool / "tmp/new")
    return one(shop, "echo: linked")


@case("B03-stays", "a second hard link that stays")
def second_link_stays(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    (shop.spool / "tmp/new").write_text("linked")
    os.link(shop.spool / "tmp/new", shop.inbox() / "mail.txt")
    shop.until("it is rejected", lambda: shop.rejected, 60)
    right("link" in shop.reasons and not shop.jobs(), shop.picture)
    return f"rejected: {shop.reasons}"


@case("B05", "submit of draft.tmp, notes.txt~, .hidden and ~$x.txt")
def temporary_names(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    seen = []
    for name in ("draft.tmp", "notes.txt~", ".hidden", "~$x.txt"):
        (shop.directory / name).write_text("a " + name)
        done = shop.run("submit", name, "--wait", timeout=30)
        right(done.status == 0 and "echo: a " + name in done.out, f"{name}: {done.all}; {shop.picture}")
        seen.append(name)
    return f"{len(seen)} submitted, {len(seen)} done"


@case("names", "files that are not jobs lie in the inbox")
def left_alone(shop: Workshop) -> str:
    echo(shop, "ignore: ['*.bak']")
    names = ["4913", "a.swp", "#x#", "~$x.docx", "a.CRDOWNLOAD", "b.Download", "c.filepart", "thumbs.DB", "Desktop.ini", ".nfs0001",
             "d.PART", "e.tmp", ".~lock.f.odt#", "g.BAK", "h~", ".DS_Store"]
    for name in names:
        (shop.inbox() / name).write_text("nothing")
    (shop.spool / "inbox/typo").mkdir()
    (shop.spool / "inbox/typo/order.txt").write_text("never seen")
    shop.start()
    shop.drop("real.txt", "real")
    shop.until_ended(1)
    time.sleep(3)
    right(len(shop.jobs()) == 1 and not shop.rejected, shop.picture)
    status = shop.run("status").out
    lines = [line for line in status.splitlines() if "left alone" in line or "typo" in line]
    right(any("left alone" in line for line in lines) and any("typo" in line for line in lines), f"status says: {status}")
    return " | ".join(lines)


@case("accept", "accept: ['*.txt'] and a drop of another kind")
def accepted_names(shop: Workshop) -> str:
    echo(shop, "accept: ['*.txt']")
    shop.start()
    shop.drop("picture.png", "no text")
    shop.drop("real.txt", "real")
    shop.until_ended(1)
    time.sleep(2)
    right(len(shop.jobs()) == 1 and (shop.inbox() / "picture.png").exists(), shop.picture)
    status = shop.run("status").out
    right("left alone" in status, status)
    return next(line for line in status.splitlines() if "left alone" in line)


@case("B06", "UTF-16 from PowerShell as .txt, .json, .yaml, .jsonl")
def utf16(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    shop.drop("note.txt", "Grüße".encode("utf-16"))
    shop.drop("job.json", '{"input": {"text": "from json ü"}}'.encode("utf-16"))
    shop.drop("job.yaml", 'input: {text: "from yaml ü"}\n'.encode("utf-16"))
    shop.drop("lines.jsonl", '{"text": "line ü"}\r\n{"text": "line 2"}\r\n'.encode("utf-16"))
    shop.until_ended(4)
    outputs = {job.path.name[27:]: job.output for job in shop.jobs("done")}
    right(len(outputs) == 4 and outputs["note.txt"] == "echo: Grüße" and outputs["job.json"] == "echo: from json ü"
          and outputs["job.yaml"] == "echo: from yaml ü", f"{outputs}; {shop.picture}")
    return f"4 done: {outputs['note.txt']!r}, {outputs['job.json']!r}, {outputs['job.yaml']!r}"


@case("B06-1252", "cp1252 as .txt and .json; a text that is too long")
def cp1252(shop: Workshop) -> str:
    echo(shop, "text_max: 100kB")
    shop.start()
    shop.drop("note.txt", "Gr\u00fc\u00dfe".encode("cp1252"))
    shop.drop("job.json", '{"input": {"text": "Gr\u00fc\u00dfe"}}'.encode("cp1252"))
    shop.drop("long.txt", "x" * 315_000)
    shop.until_ended(3)
    said = shop.reasons + " ".join(job.error for job in shop.jobs("failed"))
    right(not shop.jobs("done"), shop.picture)
    right("UTF-8" in said and "byte" in said, said)
    right("315" in said and "100" in said, said)
    return said[:300]


@case("B06-315k", "a report of 315 kB, as the queue is")
def report(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    shop.drop("report.txt", "x" * 315_000)
    jobs = shop.until_ended(1)
    right(bool(jobs) and jobs[0].state == "done" and len(str(jobs[0].output)) == 315_006, shop.picture)
    return "done"


@case("B07", "a job document on standard input; .ndjson")
def document_on_input(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    done = shop.run("submit", "-", "--wait", input="input: {text: from the document}\npriority: 7\nidempotency_key: k7\n")
    right(done.status == 0 and "echo: from the document" in done.out, done.all)
    prose = shop.run("submit", "-", "--as", "text", "--wait", input="input: {text: from the document}\n")
    right("echo: input:" in prose.out, prose.all)
    shop.drop("lines.ndjson", '{"text": "one"}\n{"text": "two"}\n')
    shop.until_ended(3)
    batch = shop.jobs()[-1]
    output = (batch.path / "output.jsonl").read_text() if (batch.path / "output.jsonl").exists() else ""
    right("echo: one" in output and "echo: two" in output, shop.picture)
    return "the document ran, --as text made it a text, .ndjson is a batch of 2"


@case("B26", "an inbox that is a mount of its own")
def mounted_inbox(shop: Workshop) -> str:
    if os.geteuid() != 0:
        raise Skipped("needs root, to mount")
    echo(shop)
    place = shop.inbox()
    shop.start(wrapper=["unshare", "-m", "sh", "-c", f"mount -t tmpfs none '{place}' && for i in 1 2 3 4 5; do echo text $i >'{place}'/f$i.txt; done"
                        " && exec \"$@\"", "sh"])
    shop.until_ended(5, 40)
    right(len(shop.jobs("done")) == 5, shop.picture)
    return "5 of 5 done"


@case("F5", "an I/O error while a request is read", 60)
def failing_request(shop: Workshop) -> str:
    raise Skipped("held by a test of the failing file system: see Tests/SpoolTests and Tests/EngineTests")


@case("F6b", "two spools with one index")
def two_spools(shop: Workshop) -> str:
    index = shop.directory / "index.sqlite"
    shop.make(SCRIPTED + f"queues: {{default: {{workflow: echo}}}}\nindex: {index}\n", echo=ECHO)
    shop.drop("a.txt", "a")
    first = shop.run("run", "--drain")
    right(first.status == 0, first.all)
    shop.spool.rename(shop.directory / "first")
    shop.make(SCRIPTED + f"queues: {{default: {{workflow: echo}}}}\nindex: {index}\n", echo=ECHO)
    shop.drop("b.txt", "b")
    second = shop.run("run", "--drain")
    right(second.status == 78 and "spool" in second.error, second.all)
    return second.error[-200:]
