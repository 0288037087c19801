"""Batches and keys."""

from __future__ import annotations

import json

from drops import ECHO, SCRIPTED, echo
from workshop import Workshop, case, right


def chat(shop: Workshop, mode: str, more: str = "", queue: str = "") -> None:
    """A spool whose model is the quirky server's."""
    address = shop.serve("quirky_model_server")
    shop.make(f"""
models:
  default: {{provider: openai, base_url: "{address}/{mode}/v1", model: stub{more}}}
queues: {{default: {{workflow: prompt{queue}}}}}
""")


def line(name: str, text: str, **more: object) -> str:
    return json.dumps({"custom_id": name, "method": "POST", "url": "/v1/chat/completions",
                       "body": {"model": "stub", "messages": [{"role": "user", "content": text}], **more}}) + "\n"


@case("B08-array", "a JSON array of requests as .jsonl")
def array(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    shop.drop("all.jsonl", json.dumps([{"text": f"t{i}"} for i in range(5)]))
    shop.until_ended(1)
    if shop.rejected:
        right("array" in shop.reasons, shop.reasons)
        return f"rejected: {shop.reasons}"
    output = (shop.jobs("done")[0].path / "output.jsonl").read_text()
    right(output.count("echo: t") == 5, output)
    return "taken as a batch of 5"


@case("B08-pretty", "a pretty-printed object as .jsonl")
def pretty(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    shop.drop("all.jsonl", json.dumps({"text": "one", "other": [1, 2]}, indent=2) + "\n")
    shop.until_ended(1)
    right(len(shop.rejected) == 1 and not shop.jobs(), shop.picture)
    return f"rejected: {shop.reasons}"


@case("B08-all", "a batch of which every line fails")
def all_failed(shop: Workshop) -> str:
    chat(shop, "lines")
    (shop.directory / "quirky_model_server/fail-lines").touch()
    shop.start()
    (shop.directory / "b.jsonl").write_text("".join(line(f"l{i}", "BAD") for i in range(4)))
    done = shop.run("submit", "b.jsonl", "--wait")
    listed = shop.run("list").out
    right(done.status == 1 and "4" in listed and "failed" in listed, f"{done.all}; {listed}")
    return f"exit 1; {listed.splitlines()[-1]}"


@case("B09", "lines that name gpt-4o-mini and claude-haiku")
def other_models(shop: Workshop) -> str:
    chat(shop, "echo")
    shop.start()
    lines = line("own", "hi") + line("gpt", "hi", model="gpt-4o-mini") + line("claude", "hi", model="claude-haiku")
    (shop.directory / "b.jsonl").write_text(lines)
    shop.run("submit", "b.jsonl", "--wait")
    job = shop.jobs()[-1]
    errors = (job.path / "errors.jsonl").read_text() if (job.path / "errors.jsonl").exists() else ""
    right(errors.count("model_mismatch") == 2, f"errors: {errors[:300]}; {[r['body'].get('model') for r in shop.requests]}")
    return "two lines with model_mismatch, one answered"


@case("B10", "retry of a batch with 2 of 4 lines failed")
def retry(shop: Workshop) -> str:
    chat(shop, "lines")
    flag = shop.directory / "quirky_model_server/fail-lines"
    flag.touch()
    shop.start()
    (shop.directory / "b.jsonl").write_text(line("a", "good") + line("b", "BAD 1") + line("c", "fine") + line("d", "BAD 2"))
    first = shop.run("submit", "b.jsonl", "--wait")
    listed = shop.run("list").out
    right("2 of 4" in listed, listed)
    asked = len(shop.requests)
    flag.unlink()
    job = shop.jobs()[-1].id
    again = shop.run("retry", job)
    right(again.status == 0, again.all)
    shop.until("all four lines are answered", lambda: shop.jobs("done") and (shop.jobs("done")[-1].path / "output.jsonl").read_text().count("\n") == 4, 30)
    right(len(shop.requests) - asked == 2, f"{len(shop.requests) - asked} requests after retry")
    right("2 of 4" in first.all, first.all)
    return "2 of 4 said; retry made 2 requests, 4 lines answered"


@case("B25", "the same key twice")
def same_key(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    first = shop.run("submit", "--key", "k1", "--input", "text=hello", "--wait", "--json")
    plain = shop.run("submit", "--key", "k1", "--input", "text=hello")
    jobs = shop.jobs()
    right(len(jobs) == 1 and plain.out.split()[0] == jobs[0].id, f"{plain.all}; {shop.picture}; first {first.all}")
    other = shop.run("submit", "--key", "k1", "--input", "text=another", "--wait")
    right(other.status == 65, other.all)
    shown = shop.run("show", plain.out.split()[0])
    right(shown.status == 0, shown.all)
    return f"the first job's id; another input: exit 65, {other.error[:150]}"


@case("rejected", "show and result of a rejected drop")
def show_rejected(shop: Workshop) -> str:
    echo(shop)
    shop.start()
    shop.drop("broken.json", '{"input": \n')
    shop.until("it is rejected", lambda: shop.rejected)
    shop.until("it is listed", lambda: "rejected" in shop.run("list").out, 20)
    for command in ("show", "result"):
        done = shop.run(command, "broken.json")
        right("line" in done.all and "no job" not in done.all, f"{command}: {done.all}")
    return shop.run("show", "broken.json").all[:200]


@case("endpoints", "lines for /v1/embeddings and /v1/responses")
def endpoints(shop: Workshop) -> str:
    chat(shop, "endpoints")
    shop.start()
    def other(name: str, url: str, body: dict[str, object]) -> str:
        return json.dumps({"custom_id": name, "method": "POST", "url": url, "body": {"model": "stub", **body}}) + "\n"
    (shop.directory / "b.jsonl").write_text(other("e", "/v1/embeddings", {"input": "a text"}) + other("r", "/v1/responses", {"input": "a text"})
                                            + line("c", "hi"))
    done = shop.run("submit", "b.jsonl", "--wait")
    output = (shop.jobs()[-1].path / "output.jsonl").read_text() if (shop.jobs()[-1].path / "output.jsonl").exists() else ""
    right("embedding" in output and "a response" in output and "a chat" in output, f"{done.all}: {output[:300]}")
    return "3 lines answered by their endpoints"


@case("rows", "a CSV file in a queue with rows: true")
def rows(shop: Workshop) -> str:
    shop.make(SCRIPTED + "queues: {default: {workflow: echo, rows: true}}\n", echo=ECHO)
    shop.start()
    shop.drop("rows.csv", '\ufefftext,number\r\n"a ""quoted"" cell,\r\nwith a line",007\r\nplain,3.10\r\n'.encode())
    shop.until_ended(1)
    right(len(shop.jobs("done")) == 1, shop.picture)
    files = {path.name: path.read_text() for path in shop.jobs("done")[0].path.glob("*.csv")}
    output = next((text for name, text in files.items() if name.startswith("output")), "")
    right('""quoted""' in output and "007" in output and "3.10" in output and "echo: plain" in output, f"{files}")
    return f"output.csv: {output[:160]!r}"
