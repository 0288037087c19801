#!/usr/bin/env python3
"""Faults of llmock, a model server with a verdict of its own on its clients: verdicts.py [CASE ...].

$LLMOCK names the program; `make test-llmock` installs it. A case is right when the jobs ended as they should and the
verdict has no finding, not even a warning, except those that the case allows: llmock cannot know that a job failed
because its answer stayed cut. Exit status 1 when a case is wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import workshop
from cases import report
from workshop import Case, Workshop, right

DIALECTS = {"openai": "/v1", "anthropic": "/anthropic"}
TOOL = "#!/usr/bin/env python3\nimport json, sys\nprint('21C in ' + str(json.load(sys.stdin).get('city')))\n"


class Mock:
    """llmock on a port of its own."""

    def __init__(self, shop: Workshop, *flags: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        log = (shop.directory / "llmock.log").open("wb")
        shop.processes.append(subprocess.Popen([os.environ["LLMOCK"], "serve", "--port", self.address.rpartition(":")[2],
                                                # Without it a stream ends before the client can stop reading it.
                                                "--stream-chunk-delay-ms", "40", *flags],
                                               stdout=log, stderr=log, start_new_session=True))
        shop.until("llmock listens", self.listens)

    def listens(self) -> bool:
        try:
            return self.ask("/health") is not None
        except OSError:
            return False

    def ask(self, path: str, body: object = None) -> object:
        request = urllib.request.Request(self.address + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    @property
    def requests(self) -> int:
        return self.ask("/_llmock/requests")["count"]

    def verdict(self, *allowed: str) -> str:
        """What llmock has seen, in a few words; `Wrong` when it has a finding that is not allowed."""
        verdict = self.ask("/_llmock/verdict")
        # Two random delays (full jitter) may happen to be equal, which llmock takes for a constant interval.
        findings = [finding for finding in verdict["findings"] if finding["code"] not in (*allowed, "no_backoff")]
        right(not findings, [f"{finding['severity']} {finding['code']}: {finding['title']}" for finding in findings][:4])
        return f"{verdict['calls']} calls, {verdict['attempts']} attempts, {verdict['faults_injected']} faults, no finding"


def make(shop: Workshop, mock: Mock, dialect: str, agent: bool = False, attempts: int = 5, concurrency: int = 4) -> None:
    step = '{id: a, agent: {model: default, prompt: "{{input.text}}", tools: [get_weather], max_turns: 6}}' if agent else '{id: a, prompt: "{{input.text}}"}'
    shop.make(f"""
models:
  default: {{provider: {dialect}, base_url: "{mock.address}{DIALECTS[dialect]}", model: {'gpt-4o' if dialect == 'openai' else 'claude-sonnet-4-5'},
            timeout: 20s, idle_timeout: 3s, parameters: {{max_tokens: 400}}}}
tools: {{get_weather: {{description: Tells the weather., command: [tools/weather], effect: read,
         parameters: {{type: object, properties: {{city: {{type: string}}}}, required: [city]}}}}}}
workflows: {{w: {{retry: {{attempts: {attempts}, initial: 300ms, factor: 2}}, steps: [{step}]}}}}
queues: {{default: {{workflow: w, concurrency: {concurrency}}}}}
""", weather=TOOL)


def scenario(*behaviors: dict[str, object], state: str = "done", agent: bool = False, allowed: tuple[str, ...] = (), requests: int = 0):
    """One job while llmock misbehaves."""

    def play(shop: Workshop, dialect: str) -> str:
        mock = Mock(shop)
        make(shop, mock, dialect, agent)
        shop.start()
        if behaviors:
            mock.ask("/_llmock/scenario", {"behaviors": list(behaviors)})
        shop.drop("q.txt", "What is the weather in Paris?")
        job = shop.until_ended(1)[0]
        seen = mock.verdict(*allowed)
        right(job.state == state and (state != "done" or bool(job.output)), f"{job.state} {job.output!r} {job.error}; {seen}")
        right(not requests or mock.requests == requests, f"{mock.requests} requests")
        return f"{job.state}; {seen}"

    return play


def fault(kind: str, **more: object) -> dict[str, object]:
    return {"type": "stream_fault", "kind": kind, "after_chunks": 3, **more}


def mix(shop: Workshop, dialect: str) -> str:
    """150 jobs of each dialect under random errors, stream faults and a quota: none fails."""
    mock = Mock(shop, "--error-rate", "429=0.05", "--error-rate", "503=0.05", "--error-rate", "500=0.03", "--stream-fault", "truncate=0.05",
                "--stream-fault", "disconnect=0.05", "--stream-fault", "malformed=0.03")
    make(shop, mock, dialect, attempts=8, concurrency=8)
    shop.start()
    for number in range(150):
        shop.drop(f"q{number}.txt", f"Question number {number}: what is rename(2)?")
    jobs = shop.until_ended(150)
    right(all(job.state == "done" and job.output and not job.result.get("truncated") for job in jobs),
          [f"{job.state} {job.output!r} {job.error}" for job in jobs if job.state != "done" or not job.output][:3])
    # The sixth chunk of a short answer has the finish reason: a fault after it comes after the whole answer. The cases
    # `malformed`, `truncate` and `disconnect` have theirs in the middle.
    return f"150 done; {mock.verdict('malformed_chunk_ignored', 'truncated_stream_accepted', 'gave_up')}"


def quota(shop: Workshop, dialect: str) -> str:
    """160 jobs at a real quota of 120 requests a minute."""
    mock = Mock(shop, "--rpm", "120")
    make(shop, mock, dialect, concurrency=8)
    shop.start()
    for number in range(160):
        shop.drop(f"q{number}.txt", f"Question number {number}")
    jobs = shop.until_ended(160)
    right(all(job.state == "done" for job in jobs), [f"{job.state} {job.error}" for job in jobs if job.state != "done"][:3])
    refused = mock.requests - 160
    right(refused <= 40, f"{refused} requests were refused")
    return f"160 done, {refused} requests refused; {mock.verdict()}"


SCENARIOS = {
    "unbroken": scenario(),
    "503-twice": scenario({"type": "fail", "status": 503, "times": 2}),
    "500-twice": scenario({"type": "fail", "status": 500, "times": 2}),
    "529-twice": scenario({"type": "fail", "status": 529, "times": 2}),
    "rate-limit": scenario({"type": "fail", "status": 429, "retry_after": 1.5, "times": 2}),
    "bad-request": scenario({"type": "fail", "status": 400, "times": None}, state="failed", requests=1),
    "unauthorized": scenario({"type": "fail", "status": 403, "times": None}, state="failed", requests=1),
    "unprocessable": scenario({"type": "fail", "status": 422, "times": None}, state="failed", requests=1),
    "disconnect": scenario(fault("disconnect")),
    "truncate": scenario(fault("truncate")),
    "truncate-for-ever": scenario(fault("truncate", times=None), state="failed", allowed=("truncated_stream_accepted",)),
    "malformed": scenario(fault("malformed")),
    "stall": scenario(fault("stall", stall_seconds=30)),
    "slow-first-token": scenario({"type": "slow_first_token", "seconds": 2}),
    "delay": scenario({"type": "delay", "seconds": 3}),
    "agent": scenario(agent=True),
    "unknown-tool": scenario({"type": "tool_fault", "kind": "unknown_tool"}, agent=True),
    "malformed-arguments": scenario({"type": "tool_fault", "kind": "malformed_arguments"}, agent=True),
    "agent-disconnect": scenario(fault("disconnect"), agent=True),
    "agent-truncate": scenario(fault("truncate"), agent=True),
    "quota": quota,
    "mix": mix,
}


def main(names: list[str]) -> int:
    workshop.CASES.clear()
    for name, play in SCENARIOS.items():
        if names and name not in names:
            continue
        for dialect in DIALECTS:
            workshop.CASES.append(Case(f"{name}-{dialect}", f"{name} over the dialect of {dialect}", lambda shop, play=play, dialect=dialect: play(shop, dialect), 300))
    return report(workshop.CASES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
