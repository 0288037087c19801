"""The fixed scenario: every kind of step and every move of a job, once, with the users of the daemon.

Steps: a model, tools of all four kinds of effect, a loop, an agent that calls a tool. Moves: accept, defer, hold,
approve, finish, fail, retry, cancel, reject, a taken idempotency key, a batch, and a take-over from a dead node.
The player goes on through any death of the daemon: it starts the daemon again, as systemd would, and makes the requests
that are still to be made, as a user would.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Callable

from spool import NODE, Broken, Job, Spool, until
from workshop import program

CONFIGURATION = """
models: {default: {provider: scripted, script: scripted-model.yaml}}
tools:
  look: {command: [tools/note, look], effect: read}
  keep: {command: [tools/note, keep], effect: idempotent}
  sure: {command: [tools/note, sure], effect: write, check: [tools/check]}
  risk: {command: [tools/note, risk], effect: write}
  print: {command: [tools/fail], effect: idempotent}
  mend: {command: [tools/mend], effect: idempotent}
  slow: {command: [tools/slow], effect: read}
workflows:
  every:
    steps:
      - {id: ask, prompt: a haiku}
      - {id: look, tool: look}
      - {id: keep, tool: keep}
      - {id: sure, tool: sure}
      - {id: risk, tool: risk}
      - {id: each, for_each: input.items, steps: [{id: one, tool: keep}]}
      - {id: agent, agent: {prompt: use the tool, tools: [risk]}}
  brief: {steps: [{id: keep, tool: keep}]}
  asked: {steps: [{id: yes, approval: {message: Go on?}}, {id: risk, tool: risk}]}
  failing: {steps: [{id: print, tool: print}]}
  mended: {steps: [{id: keep, tool: keep}, {id: mend, tool: mend}]}
  slow: {steps: [{id: slow, tool: slow}]}
queues: {default: {workflow: brief, concurrency: 8}}
# Being killed again and again in one step is what is tried here, and no fault of the step.
workers: {deaths: 1000, stop_grace: 1s}
"""

MODEL = """
- {when: use the tool, turn: 1, tool_calls: [{name: risk, arguments: {}}]}
- {reply: a haiku}
"""

# A line for each effect, in one write; and, where a disk records its writes, the same line as a mark in the record. The
# file that `sure` leaves for the job is written first, and not synced.
NOTE = """#!/bin/sh
[ "$1" != sure ] || printf '%s' "$AGENTSPOOL_IDEMPOTENCY_KEY" > "$AGENTSPOOL_ARTIFACTS/receipt"
printf '%s %s\\n' "$1" "$AGENTSPOOL_IDEMPOTENCY_KEY" >> LEDGER
MARKprintf 'ledger %s %s' "$1" "$AGENTSPOOL_IDEMPOTENCY_KEY" > MARKS
echo noted
"""
CHECK = """#!/bin/sh
grep -q "^sure $AGENTSPOOL_IDEMPOTENCY_KEY\\$" LEDGER || exit 1
echo noted
"""
MEND = """#!/bin/sh
[ -e ASIDE/mended ] || { echo "not mended yet" >&2; exit 69; }
echo mended
"""
TOOLS = {"note": NOTE, "check": CHECK, "mend": MEND,
         "fail": "#!/bin/sh\necho 'there is no printer' >&2\nexit 69\n",
         "slow": "#!/bin/sh\nexec sleep 60\n"}

# name: (what is dropped, the state it ends in, its outcome)
JOBS: dict[str, tuple[str, str, str]] = {
    "every.json": ('{"workflow": "every", "input": {"items": [1, 2]}}', "done", "completed"),
    "text.txt": ("just a text", "done", "completed"),
    "later.json": ('{"run_after": "50ms"}', "done", "completed"),
    "asked.yaml": ("workflow: asked", "done", "completed"),
    "failing.json": ('{"workflow": "failing"}', "failed", "failed"),
    "mended.json": ('{"workflow": "mended"}', "done", "completed"),
    "slow.json": ('{"workflow": "slow"}', "failed", "cancelled"),
    "lines.jsonl": ('{"text": "a"}\n{"text": "b"}\n', "done", "completed"),
    "keyed.json": ('{"idempotency_key": "only-once"}', "done", "completed"),
    "again.json": ('{"idempotency_key": "only-once"}', "rejected", ""),
    "broken.json": ('{"workflow":\n  oops', "rejected", ""),
}
SUBMITTED = ("every.json", "keyed.json")
# SECOND is dropped once FIRST, which has the same key, is a job.
SECOND, FIRST = "again.json", "keyed.json"
LEFT_BEHIND = "left.json"


def prepare(spool: Spool, marks: Path | None = None, is_left_behind: bool = True) -> None:
    """Makes the spool, with a job that a dead node has left in `processing/other/`."""
    made = subprocess.run([program(), "init", spool.root], capture_output=True, text=True)
    if made.returncode:
        raise Broken(f"init failed: {made.stderr}")
    spool.write("agentspool.yaml", CONFIGURATION)
    spool.write("scripted-model.yaml", MODEL)
    write_tools(spool, marks)
    if not is_left_behind:
        return
    spool.drop(LEFT_BEHIND, '{"workflow": "slow"}')
    spool.start(node="other")
    until(lambda: any(job.history.of_type("step.started") for job in spool.jobs("processing")), "the first step")
    spool.kill()


def write_tools(spool: Spool, marks: Path | None = None) -> None:
    """Writes the tools, which record what they do in this spool's ledger."""
    for name, text in TOOLS.items():
        text = text.replace("LEDGER", str(spool.ledger)).replace("ASIDE", str(spool.aside))
        text = text.replace("MARKprintf", "printf" if marks else ": printf").replace("MARKS", str(marks or "/dev/null"))
        spool.write(f"tools/{name}", text)


class Scenario:
    """One play of the scenario on one spool."""

    def __init__(self, spool: Spool, acknowledged: Callable[[str], None] = lambda text: None,
                 missing: bool = True) -> None:
        """`acknowledged` gets every acknowledgement of the program; `missing` jobs are dropped, or not expected."""
        self.spool = spool
        self.deaths = 0
        # Called after each death, before the next life begins.
        self.on_death: Callable[[], None] = lambda: None
        # Steps that a history had as completed when a daemon died, and the ledger's length then.
        self.recorded: dict[str, int] = {}
        self._tell = acknowledged
        self._drops_missing = missing
        # The drops that were put into the inbox, by name; with their ids where `submit` printed them.
        self.dropped: dict[str, str] = {LEFT_BEHIND: ""}
        # Drops that may end in any way, once: their writers did not sync them, and the content was lost.
        self.damaged: set[str] = set()
        self._asked: dict[tuple[str, str, int], float] = {}
        self._requests: list[subprocess.Popen[bytes]] = []
        # Requests that have not been answered yet, and what they ask for.
        self._unanswered: dict[subprocess.Popen[bytes], str] = {}
        self._next_start = 0.0

    # MARK: Play

    def play(self, patience: float = 40) -> None:
        """Goes on until every job lies where it belongs; a daemon that ended is started again."""
        end = time.monotonic() + patience
        try:
            while not self._goes_on(time.monotonic() > end):
                time.sleep(0.004)
        finally:
            self._end_requests()

    def play_for(self, seconds: float) -> None:
        """Goes on for a while, whether or not jobs end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._goes_on(is_late=False)
            time.sleep(0.02)
        self._end_requests()

    def _goes_on(self, is_late: bool) -> bool:
        """Does all that there is to do now; returns whether all is settled."""
        if self._drops_missing:
            self._drop_all()
        self._hear()
        if self._is_settled():
            return True
        if is_late:
            raise Broken(f"not settled in time: {self._unsettled()}")
        if not self.spool.is_running and time.monotonic() >= self._next_start:
            self.note_death()
            # As with systemd's RestartSec=: after an end of its own the daemon is not started again at once.
            self._next_start = time.monotonic() + (0.3 if (self.spool.exit_status or 0) >= 0 else 0)
            self.spool.start()
        self._ask()
        return False

    def _end_requests(self) -> None:
        for request in self._requests:
            request.kill()
            request.wait()
        self._requests = []

    def _drop_all(self) -> None:
        submits = {}
        for name, (text, _, _) in JOBS.items():
            if name in self.dropped or name == SECOND:
                continue
            if name in SUBMITTED:
                (self.spool.aside / name).write_text(text)
                submits[name] = subprocess.Popen(
                    [program(), "submit", self.spool.aside / name, "--spool", self.spool.root],
                    stdout=subprocess.PIPE, text=True)
            else:
                self.spool.drop(name, text)
                self.dropped[name] = ""
        for name, submit in submits.items():
            printed, _ = submit.communicate(timeout=20)
            if submit.returncode != 0:
                raise Broken(f"submit {name} failed with {submit.returncode}")
            self.dropped[name] = printed.strip()
            self._tell(f"submitted {printed.strip()} {name}")

    def note_death(self) -> None:
        """Remembers what was recorded when the daemon died: none of it may run again."""
        self.deaths += 1
        length = len(self.spool.ledger_lines())
        for job in self.spool.jobs():
            for step in job.history.completed_steps:
                self.recorded.setdefault(f"{job.id}/{step}", length)
        self.on_death()

    # MARK: Users

    def _ask(self) -> None:
        """Does what a user would do about each job now."""
        if SECOND not in self.dropped and self._drops_missing and any(
                job.name == FIRST and job.history.records for job in self.spool.jobs()):
            self.spool.drop(SECOND, JOBS[SECOND][0])
            self.dropped[SECOND] = ""
        for job in self.spool.jobs("held"):
            held = job.history.of_type("held")
            if not held:
                continue
            hold = held[-1]
            if hold.get("approval"):
                self._request(job, len(held), "approve")
            elif hold["reason"] == "unknown_outcome":
                key = f"risk {job.id}/{hold.get('step')}"
                done = ["--assume-done", "noted"] if key in self.spool.ledger_lines() else ["--again"]
                self._request(job, len(held), "release", *done)
            else:
                raise Broken(f"{job.name} is held: {hold}")
        for job in self.spool.jobs("failed"):
            if job.name == "mended.json" and job.history.records:
                (self.spool.aside / "mended").touch()
                self._request(job, len(job.history.of_type("failed")), "retry")
        for job in self.spool.jobs("processing"):
            if job.name in ("slow.json", LEFT_BEHIND) and job.path.parent.name == NODE:
                records = job.history
                if records.of_type("step.started") and not records.of_type("cancelled"):
                    self._request(job, 0, "cancel")

    def _request(self, job: Job, occasion: int, action: str, *arguments: str) -> None:
        """Asks the daemon once for each occasion; again, when nothing has changed for long."""
        key, now = (job.id, action, occasion), time.monotonic()
        if not self.spool.is_running or now - self._asked.get(key, -9) < 3:
            return
        self._asked[key] = now
        request = subprocess.Popen(
            [program(), action, job.id, *arguments, "--spool", self.spool.root],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._requests.append(request)
        self._unanswered[request] = f"answered {action} {job.id}"

    def _hear(self) -> None:
        for request, question in list(self._unanswered.items()):
            if request.poll() is not None:
                del self._unanswered[request]
                if request.returncode == 0:
                    self._tell(question)

    # MARK: Ends

    def expected(self) -> dict[str, tuple[str, str]]:
        """The state and the outcome in which each drop must end."""
        ends = {name: (state, outcome) for name, (_, state, outcome) in JOBS.items()
                if name in self.dropped and name not in self.damaged}
        return {**ends, LEFT_BEHIND: ("failed", "cancelled")}

    def _unsettled(self) -> list[str]:
        lying = {name: "rejected" for name in self.spool.rejections()}
        # A rejected drop whose job directory is still there is not tidied up yet.
        lying |= {job.name: job.state for job in self.spool.jobs()}
        unsettled = [name for name, (state, _) in self.expected().items() if lying.get(name) != state]
        unsettled += [name for name in self.damaged if lying.get(name) not in ("done", "failed", "rejected")]
        return [f"{name} ({lying.get(name, 'nowhere')})" for name in unsettled]

    def _is_settled(self) -> bool:
        if self._unsettled() or (self._drops_missing and SECOND not in self.dropped):
            return False
        # Requests must be settled, too: a retry may not have begun.
        is_asked = any(request.poll() is None for request in self._requests)
        return not self.spool.is_running or not (is_asked or self.spool.requests())
