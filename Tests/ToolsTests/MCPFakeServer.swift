import Documents

/// An MCP server in Python that does what its arguments and the names of its tools say.
///
/// It writes the messages that it gets into the file `received`, one per line, and its process ids into `started`.
enum MCPFakeServer {
    static let source = #"""
        import json, os, signal, sys, time

        modes = set(sys.argv[1:])
        held = []
        working = []
        changes = 0

        def keep(name, text):
            with open(name, "a") as file:
                file.write(text + "\n")

        keep("started", str(os.getpid()))
        starts = len(open("started").readlines())
        if "stubborn" in modes:
            signal.signal(signal.SIGTERM, lambda *_: keep("told", "SIGTERM"))
        if "fails-at-start" in modes:
            sys.exit("no licence")

        if "slow-start" in modes and starts == 1:
            print("downloading packages", file=sys.stderr, flush=True)
            while not os.path.exists("go"):
                if os.path.exists("say"):
                    os.remove("say")
                    print("building packages", file=sys.stderr, flush=True)
                time.sleep(0.01)

        def send(message):
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            sys.stdout.flush()

        def give(id, **result):
            send({"id": id, "result": result})

        def text(id, *texts, **more):
            give(id, content=[{"type": "text", "text": text} for text in texts], **more)

        def refuse(id, code, message, **data):
            send({"id": id, "error": {"code": code, "message": message, "data": data}})

        def tool(name, **more):
            return {"name": name, "description": "Does " + name + ".", "inputSchema": {"type": "object"}, **more}

        def list_tools(id, cursor):
            if "pages" in modes and cursor is None:
                return give(id, tools=[tool("first")], nextCursor="a")
            if "pages" in modes and cursor == "a":
                return give(id, tools=[tool("second")], nextCursor="b")
            if "endless" in modes:
                return give(id, tools=[tool("first")], nextCursor="again")
            names = "work report finish echo deaf die hang stuck huge garbage swap ask change structured mixed fail refuse break input env odd"
            tools = [tool(name) for name in names.split()]
            tools += [tool("changed-%d" % number) for number in range(changes)]
            tools.append(tool("read", annotations={"readOnlyHint": True, "idempotentHint": True}))
            tools.append(tool("idempotent", annotations={"idempotentHint": True}))
            tools.append({"name": "strange", "inputSchema": {"type": "object", "if": True}})
            give(id, tools=tools)

        def call(id, name, arguments):
            global changes
            if name == "echo": text(id, json.dumps(arguments))
            elif name == "work": working.append((id, parameters.get("_meta", {}).get("progressToken")))
            elif name == "report":
                for _, token in working:
                    send({"method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
                text(id, "reported")
            elif name == "finish":
                for work, _ in working: text(work, "worked")
                text(id, "finished")
            elif name == "die": sys.exit("out of\x1b[31m paper")
            elif name == "hang": pass
            elif name == "stuck": time.sleep(100000)
            elif name == "huge": text(id, "x" * (17 << 20))
            elif name == "deaf":
                os.close(0)
                text(id, "gone")
                time.sleep(100000)
            elif name == "garbage":
                print("Hello!\n{\"jsonrpc\":\"2.0\"}\n{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n")
                text(id, "after it")
            elif name == "swap":
                held.append(id)
                if len(held) == 2:
                    for number in reversed(held): text(number, "for %d" % number)
            elif name == "ask":
                send({"id": "p", "method": "ping"})
                send({"id": 7, "method": "roots/list"})
                answers = [json.loads(sys.stdin.readline()) for _ in range(2)]
                text(id, json.dumps(answers))
            elif name == "change":
                changes += 1
                send({"method": "notifications/tools/list_changed"})
                text(id, "changed")
            elif name == "structured": text(id, "not this", structuredContent={"n": 1})
            elif name == "mixed":
                give(id, content=[
                    {"type": "text", "text": "see"},
                    {"type": "image", "data": "AAAAAAA=", "mimeType": "image/png"},
                    {"type": "resource", "resource": {"uri": "file:///x", "blob": "AAAA"}},
                    {"type": "resource_link", "uri": "file:///y", "name": "y"}])
            elif name == "fail": text(id, "no such\norder", isError=True)
            elif name == "refuse": refuse(id, -32602, "Unknown tool")
            elif name == "break": refuse(id, -32603, "Oops")
            elif name == "input": give(id, resultType="input_required", inputRequests={})
            elif name == "odd": give(id, resultType="poem", content=[])
            elif name == "env":
                text(id, json.dumps({"env": dict(os.environ), "fds": sorted(os.listdir("/proc/self/fd"))}))
            else: text(id, name)

        while True:
            line = sys.stdin.readline()
            if not line:
                if "stubborn" not in modes: break
                time.sleep(0.05)
                continue
            keep("received", line.strip())
            message = json.loads(line)
            id, method, parameters = message.get("id"), message.get("method"), message.get("params", {})
            if method == "server/discover":
                if "dies-at-discover" in modes or "dies-once" in modes and starts == 1: sys.exit(3)
                elif "silent" in modes: pass
                elif "legacy" in modes: refuse(id, -32602, "Invalid request parameters")
                elif "strict" in modes: refuse(id, -32022, "Unsupported", supported=["2026-07-28"], requested="x")
                elif "futuristic" in modes: give(id, supportedVersions=["2031-01-01"], capabilities={})
                else: give(id, resultType="complete", supportedVersions=["2026-07-28"], capabilities={})
            elif method == "initialize":
                if "slow-modern" in modes:
                    modes.discard("silent")
                    refuse(id, -32601, "Method not found")
                else:
                    give(id, protocolVersion="2025-06-18", capabilities={}, serverInfo={"name": "fake"})
            elif method == "ping": give(id)
            elif method == "tools/list" and "dies-at-list" in modes and starts == 1: sys.exit(5)
            elif method == "tools/list": list_tools(id, parameters.get("cursor"))
            elif method == "tools/call": call(id, parameters["name"], parameters["arguments"])
        """#
}
