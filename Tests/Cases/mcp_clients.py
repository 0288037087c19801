#!/usr/bin/env python3
"""The clients of the official SDK of MCP against the real program: mcp_clients.py [CASE ...].

It runs with the Python of a venv that has `mcp`: 2.x speaks both eras, 1.x the legacy one only; scripts/test-mcp.sh
runs it with both. Every case is played over stdio (`agentspool mcp`) and over HTTP with a token. Exit status 1 when a
case is wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any, AsyncIterator, Awaitable, Callable

import workshop
from cases import report
from workshop import PROGRAM, Workshop, right

from mcp.client.stdio import StdioServerParameters, stdio_client

SDK = version("mcp")
IS_LEGACY = SDK.startswith("1.")
if IS_LEGACY:
    from mcp import ClientSession
    from mcp.types import CallToolResult
    from mcp.client.streamable_http import streamablehttp_client
    from mcp.shared.exceptions import McpError as MCPError
else:
    import httpx2
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared.exceptions import MCPError

CONFIGURATION = """
models: {{default: {{provider: scripted, script: scripted-model.yaml}}}}
tools:
  echo: {{command: [tools/echo], effect: read, parameters: {{type: object, properties: {{text: {{type: string}}}}}}}}
  slow: {{command: [tools/slow], effect: read}}
  fail: {{command: [tools/fail], effect: read}}
  send: {{command: [tools/echo], effect: write, approval: always, parameters: {{type: object, properties: {{text: {{type: string}}}}}}}}
workflows:
  echo:
    description: Repeats a text.
    input: {{type: object, properties: {{text: {{type: string}}}}, required: [text], additionalProperties: false}}
    steps: [{{id: a, tool: echo, arguments: {{text: "{{{{input.text}}}}"}}}}]
  ask:
    input: {{type: object, properties: {{city: {{type: string}}}}, required: [city]}}
    steps: [{{id: a, prompt: "How warm is {{{{input.city}}}}?", output: {{type: object, properties: {{degrees: {{type: integer}}}}, required: [degrees]}}}}]
  slow: {{steps: [{{id: a, tool: slow, arguments: {{}}}}]}}
  fail: {{retry: {{attempts: 1}}, steps: [{{id: a, tool: fail, arguments: {{}}}}]}}
  send: {{steps: [{{id: a, tool: send, arguments: {{text: "{{{{input.text}}}}"}}}}]}}
  list_jobs: {{steps: [{{id: a, tool: echo, arguments: {{text: clash}}}}]}}
queues: {{default: {{workflow: echo}}}}
api: {{listen: "127.0.0.1:{port}", tokens: {{file: tokens}}}}
"""
SCRIPT = """
- {when: "How warm", json: {degrees: 21}}
"""
ECHO = "#!/usr/bin/env python3\nimport json, sys\nprint(json.dumps('echo: ' + json.load(sys.stdin)['text']))\n"
SLOW = "#!/bin/sh\nsleep 600\n"
FAIL = "#!/bin/sh\necho 'the scale is broken' >&2\nexit 1\n"
TOKENS = {"worker": "submit", "guest": "observe", "boss": "operate"}


class Result:
    """The result of a call, the same for both SDKs."""

    def __init__(self, result: Any) -> None:
        self.text = " ".join(block.text for block in result.content)
        self.value = result.structuredContent if IS_LEGACY else result.structured_content
        self.failed = bool(result.isError if IS_LEGACY else result.is_error)


class Session:
    """A client that is connected."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in (await self.client.list_tools()).tools}

    async def call(self, name: str, arguments: dict[str, Any] | None = None, key: str | None = None) -> Result:
        meta = {"agentspool/idempotency_key": key} if key else None
        return Result(await self.client.call_tool(name, arguments or {}, meta=meta))


Open = Callable[..., Any]


def open_stdio(shop: Workshop) -> Open:
    @asynccontextmanager
    async def opened(token: str = "worker", mode: str = "auto") -> AsyncIterator[Session]:
        parameters = StdioServerParameters(command=PROGRAM, args=["mcp", "--spool", str(shop.spool)])
        async with connected(stdio_client(parameters), mode) as session:
            yield session
    return opened


def open_http(shop: Workshop) -> Open:
    url = f"http://127.0.0.1:{shop.port}/mcp"

    @asynccontextmanager
    async def opened(token: str = "worker", mode: str = "auto") -> AsyncIterator[Session]:
        headers = {"Authorization": f"Bearer {token}-secret"}
        if IS_LEGACY:
            async with connected(streamablehttp_client(url, headers=headers), mode) as session:
                yield session
        else:
            async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
                async with connected(streamable_http_client(url, http_client=http), mode) as session:
                    yield session
    return opened


@asynccontextmanager
async def connected(transport: Any, mode: str) -> AsyncIterator[Session]:
    if not IS_LEGACY:
        async with Client(transport, mode=mode) as client:
            yield Session(client)
        return
    async with AsyncExitStack() as stack:
        streams = await stack.enter_async_context(transport)
        session = await stack.enter_async_context(ClientSession(streams[0], streams[1]))
        await session.initialize()
        yield Session(session)


def run(play: Awaitable[str]) -> str:
    """Runs a case; the SDK packs what a case raises into groups."""
    try:
        return asyncio.run(play)
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from group


def make(shop: Workshop) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        shop.port = free.getsockname()[1]
    shop.make(CONFIGURATION.format(port=shop.port), echo=ECHO, slow=SLOW, fail=FAIL)
    (shop.spool / "scripted-model.yaml").write_text(SCRIPT)
    lines = [f"{name} {role} {hashlib.sha256(f'{name}-secret'.encode()).hexdigest()}" for name, role in TOKENS.items()]
    (shop.spool / "tokens").write_text("\n".join(lines) + "\n")
    shop.start()


def both(name: str, tried: str, seconds: int = 120) -> Callable[[Callable[[Workshop, Open], Awaitable[str]]], None]:
    """Makes a function a case for each transport."""
    def register(play: Callable[[Workshop, Open], Awaitable[str]]) -> None:
        for transport, opener in {"stdio": open_stdio, "http": open_http}.items():
            def played(shop: Workshop, opener: Callable[[Workshop], Open] = opener) -> str:
                make(shop)
                return run(play(shop, opener(shop)))
            workshop.case(f"{name}-{transport}", f"{tried}, mcp {SDK}", seconds)(played)
    return register


def alone(name: str, tried: str, seconds: int = 120) -> Callable[[Callable[[Workshop], str]], None]:
    def register(play: Callable[[Workshop], str]) -> None:
        def played(shop: Workshop) -> str:
            make(shop)
            return play(shop)
        workshop.case(name, f"{tried}, mcp {SDK}", seconds)(played)
    return register


@both("tools", "the workflows are tools, with their schemas")
async def tools(shop: Workshop, opened: Open) -> str:
    async with opened("boss") as session:
        found = await session.tools()
    wanted = {"echo", "ask", "slow", "fail", "send", "list_jobs_workflow", "job_status", "job_result", "list_jobs", "cancel_job",
              "approve_job", "deny_job", "prompt"}
    right(set(found) == wanted, sorted(found))
    echo = found["echo"].model_dump(by_alias=True, exclude_none=True)
    right(echo["inputSchema"]["required"] == ["text"] and echo["description"].startswith("Repeats a text."), echo)
    right(found["ask"].model_dump(by_alias=True)["outputSchema"]["type"] == "object", found["ask"])
    right(found["job_status"].model_dump(by_alias=True)["annotations"]["readOnlyHint"] is True, found["job_status"])
    return f"{len(found)} tools"


@both("call", "a call that ends, with text and with a value; one that fails; one that does not fit")
async def call(shop: Workshop, opened: Open) -> str:
    async with opened() as session:
        said = await session.call("echo", {"text": "hello"})
        right(said.text == "echo: hello" and not said.failed, vars(said))
        warm = await session.call("ask", {"city": "Rome"})
        right(warm.value == {"degrees": 21} and json.loads(warm.text) == warm.value, vars(warm))
        failed = await session.call("fail")
        right(failed.failed and "the scale is broken" in failed.text, vars(failed))
        unfit = await session.call("echo", {"txt": "hello"})
        right(unfit.failed and "text" in unfit.text, vars(unfit))
        right(len(shop.jobs("done")) == 2 and len(shop.jobs("failed")) == 1 and not shop.rejected, shop.picture)
        listed = await session.call("list_jobs", {"state": "done,failed"})
        right(len(listed.value["jobs"]) == 3, listed.text)
        return unfit.text


@both("unknown", "a tool that is not there, a job that is not there")
async def unknown(shop: Workshop, opened: Open) -> str:
    async with opened() as session:
        await session.tools()
        try:
            seen = vars(await session.call("nope"))
        except MCPError as error:
            seen = error.error.message
        right("Unknown tool: nope" in str(seen), seen)
        status = await session.call("job_status", {"job": "01KXY7A8B9C0D1E2F3G4H5J6K7"})
        right(status.failed and "there is no job" in status.text, vars(status))
        return str(seen)


@both("approve", "a job that is held: its state, the approval of an operator, its result")
async def approve(shop: Workshop, opened: Open) -> str:
    async with opened("worker") as session, opened("boss") as boss:
        held = await session.call("send", {"text": "hi"})
        right(held.value["state"] == "held" and not held.failed, vars(held))
        job = held.value["job"]
        status = await boss.call("job_status", {"job": job})
        right(status.value["approval"]["arguments"] == {"text": "hi"}, status.text)
        wrong = await boss.call("approve_job", {"job": job, "hash": "0" * 64})
        right(wrong.failed and "something else" in wrong.text, vars(wrong))
        done = await boss.call("approve_job", {"job": job, "hash": status.value["approval"]["arguments_hash"], "reason": "fine"})
        right(not done.failed, vars(done))
        result = await session.call("job_result", {"job": job, "wait": 20})
        right(result.text == "echo: hi", vars(result))
        return held.text


@both("cancel", "a call that takes longer than the wait: its handle, and cancel_job", 180)
async def cancel(shop: Workshop, opened: Open) -> str:
    async with opened() as session:
        started = time.monotonic()
        slow = await session.call("slow")
        took = time.monotonic() - started
        right(slow.value["state"] == "running" and 20 < took < 29, (vars(slow), took))
        job = slow.value["job"]
        again = await session.call("job_result", {"job": job})
        right(again.value["state"] == "running", vars(again))
        cancelled = await session.call("cancel_job", {"job": job, "reason": "enough"})
        right(not cancelled.failed, vars(cancelled))
        result = await session.call("job_result", {"job": job, "wait": 20})
        right(result.failed and "enough" in result.text, vars(result))
        return f"{took:.0f} s, then {slow.text}"


@both("key", "the same key twice is one job")
async def key(shop: Workshop, opened: Open) -> str:
    async with opened() as session:
        first = await session.call("echo", {"text": "a"}, key="k")
        second = await session.call("echo", {"text": "a"}, key="k")
        other = await session.call("echo", {"text": "b"}, key="k")
        right(first.text == second.text == "echo: a" and len(shop.jobs()) == 1, shop.picture)
        right(other.failed, vars(other))
        return other.text


@both("killed", "kill -9 of the daemon between two calls")
async def killed(shop: Workshop, opened: Open) -> str:
    async with opened() as session:
        await session.call("echo", {"text": "a"})
        held = (await session.call("send", {"text": "hi"})).value["job"]
        shop.stop(signal.SIGKILL)
        seen = "the same session goes on"
        if opened.__qualname__.startswith("open_stdio"):  # Over HTTP the SDK ends the session.
            try:
                seen = str(vars(await session.call("echo", {"text": "b"})))
            except MCPError as error:
                seen = error.error.message
            right("no daemon" in seen, seen)
        await asyncio.to_thread(shop.start)
        after = await session.call("echo", {"text": "c"})
        right(after.text == "echo: c", vars(after))
        status = await session.call("job_status", {"job": held})
        right(status.value["state"] == "held", vars(status))
        return seen


if not IS_LEGACY:
    @both("legacy", "the newer client as a legacy one")
    async def legacy(shop: Workshop, opened: Open) -> str:
        async with opened(mode="legacy") as session:
            right((await session.call("echo", {"text": "x"})).text == "echo: x", "no echo")
            return str(session.client.session.protocol_version)


if IS_LEGACY:
    @both("task", "a call as a task of 2025-11-25: its state, its result, its end")
    async def task(shop: Workshop, opened: Open) -> str:
        async with opened() as session:
            tasks = session.client.experimental
            made = await tasks.call_tool_as_task("ask", {"city": "Rome"})
            result = Result(await tasks.get_task_result(made.task.taskId, CallToolResult))
            right(result.value == {"degrees": 21}, vars(result))
            right((await tasks.get_task(made.task.taskId)).status == "completed", "it is not completed")
            made = await tasks.call_tool_as_task("slow", {})
            right(made.task.status == "working", made)
            right((await tasks.cancel_task(made.task.taskId)).status == "cancelled", "it is not cancelled")
            return f"{made.task.taskId} {made.task.statusMessage}"


@alone("modern-task", "a call of a client that speaks the extension for tasks: a task, its state, its cancellation")
def modern_task(shop: Workshop) -> str:
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}}
    with subprocess.Popen([PROGRAM, "mcp", "--spool", str(shop.spool)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bridge:
        def ask(method: str, **parameters: Any) -> dict[str, Any]:
            bridge.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": {**parameters, "_meta": meta}}) + "\n")
            bridge.stdin.flush()
            return json.loads(bridge.stdout.readline())
        task = ask("tools/call", name="slow")["result"]
        right(task["resultType"] == "task" and task["status"] == "working" and task["ttlMs"] is None, task)
        right(ask("tasks/get", taskId=task["taskId"])["result"]["status"] == "working", "it does not work")
        right(ask("tasks/cancel", taskId=task["taskId"])["result"]["resultType"] == "complete", "no answer")
        right(ask("tasks/get", taskId=task["taskId"])["result"]["status"] == "cancelled", "it is not cancelled")
        done = ask("tools/call", name="echo", arguments={"text": "x"})["result"]
        right(done["resultType"] == "complete" and done["content"][0]["text"] == "echo: x", done)
        odd = ask("tools/call", name="n\u00e4me")
        right(odd["error"]["code"] == -32602, odd)  # And not -32020: the header carries it.
    return str(task)


@alone("others", "a token sees its own jobs, and only operators approve")
def others(shop: Workshop) -> str:
    async def play() -> str:
        async with open_http(shop)("worker") as session, open_stdio(shop)() as owner:
            mine = await owner.call("send", {"text": "hi"})
            status = await session.call("job_status", {"job": mine.value["job"]})
            right(status.failed and "there is no job" in status.text, vars(status))
            async with open_http(shop)("guest") as guest:
                seen = await guest.call("job_status", {"job": mine.value["job"]})
                right(seen.value["state"] == "held" and seen.value["approval"] is None, vars(seen))
                ended = (await owner.call("list_jobs", {"state": "held"})).value["jobs"][0]["job"]
                await owner.call("deny_job", {"job": ended})
                withheld = await guest.call("job_result", {"job": ended})
                right(withheld.failed and "operators only" in withheld.text, vars(withheld))
            right("approve_job" not in await session.tools(), "a worker may approve")
            own = (await session.call("send", {"text": "ho"})).value["job"]
            try:
                refused = str(vars(await session.call("approve_job", {"job": own})))
            except MCPError as error:
                refused = error.error.message
            right("Unknown tool" in refused, refused)
            return refused
    return run(play())


@alone("unauthorized", "no token, and a wrong one")
def unauthorized(shop: Workshop) -> str:
    seen = []
    for header in [], ["-H", "Authorization: Bearer nope"]:
        got = subprocess.run(["curl", "-s", "-w", " %{http_code}", *header, "-H", "Content-Type: application/json", "-d",
                              '{"jsonrpc":"2.0","id":1,"method":"ping"}', f"http://127.0.0.1:{shop.port}/mcp"], capture_output=True, text=True)
        seen.append(got.stdout)
        right(got.stdout.endswith(" 401"), got.stdout)
    for method in "GET", "DELETE":
        got = subprocess.run(["curl", "-s", "-w", " %{http_code}", "-X", method, "-H", "Authorization: Bearer worker-secret",
                              f"http://127.0.0.1:{shop.port}/mcp"], capture_output=True, text=True)
        right(got.stdout.endswith(" 405"), got.stdout)
    return seen[0]


@alone("pipe", "a file of messages on standard input: every answer is written before the end (rust-sdk#753, python-sdk#2678)")
def pipe(shop: Workshop) -> str:
    # Blank lines (oracle#238), garbage, params that are null, a call without a name (paiml-mcp-agent-toolkit#648).
    lines = ['{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"d","version":"1"}}}',
             '{"jsonrpc":"2.0","method":"notifications/initialized"}', "", "   ", "{this is not json",
             '{"jsonrpc":"2.0","id":"two","method":"tools/call","params":null}',
             '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"arguments":{}}}', '{"jsonrpc":"2.0","id":4,"method":"no/such"}',
             *(json.dumps({"jsonrpc": "2.0", "id": 100 + n, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": str(n)}}})
               for n in range(30)), '[{"jsonrpc":"2.0","id":5,"method":"ping"}]', '{"jsonrpc":"2.0","id":6,"method":"tools/list"}']
    done = shop.run("mcp", input="\n".join(lines))  # Without a line feed at the end.
    answers = [json.loads(line) for line in done.out.splitlines()]
    by_id = {str(answer[0]["id"] if isinstance(answer, list) else answer["id"]): answer for answer in answers}
    right(done.status == 0 and not done.error and len(answers) == 37, f"{done.status} {done.error} {len(answers)}")
    right(all(by_id[str(100 + n)]["result"]["content"][0]["text"] == f"echo: {n}" for n in range(30)), by_id["100"])
    right([by_id[key]["error"]["code"] for key in ("None", "two", "3", "4")] == [-32700, -32602, -32602, -32601], by_id["None"])
    right(by_id["6"]["result"]["tools"], by_id["6"])
    return f"{len(answers)} answers, exit {done.status}"


@alone("away", "no daemon: every request gets an error, and the next daemon heals")
def away(shop: Workshop) -> str:
    shop.stop()
    with subprocess.Popen([PROGRAM, "mcp", "--spool", str(shop.spool)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bridge:
        def ask(number: int) -> dict[str, Any]:
            bridge.stdin.write(f'{{"jsonrpc":"2.0","id":{number},"method":"tools/list"}}\n')
            bridge.stdin.flush()
            return json.loads(bridge.stdout.readline())
        answer = ask(1)
        right(answer["id"] == 1 and "no daemon" in answer["error"]["message"], answer)
        shop.start()
        right(ask(2)["result"]["tools"], "no tools")
        bridge.stdin.close()
        right(bridge.wait(20) == 0, "no clean end")
    return answer["error"]["message"]


@alone("deep", "a socket under a path of more than 107 bytes, and one that is not there")
def deep(shop: Workshop) -> str:
    far = shop.directory / ("d" * 120) / "api.sock"
    far.parent.mkdir()
    far.symlink_to(shop.spool / "run" / "api.sock")
    done = shop.run("mcp", "--socket", str(far), input='{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
    right(json.loads(done.out) == {"jsonrpc": "2.0", "id": 1, "result": {}}, done.all)
    missing = shop.run("mcp", "--socket", str(shop.directory / "no.sock"), input='{"jsonrpc":"2.0","id":"a","method":"ping"}\n')
    answer = json.loads(missing.out)
    right(missing.status == 0 and answer["id"] == "a" and "no.sock" in answer["error"]["message"], missing.all)
    return answer["error"]["message"]


def main(names: list[str]) -> int:
    chosen = [case for case in workshop.CASES if SDK in case.tried and (not names or any(case.name.startswith(name) for name in names))]
    return report(chosen)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
