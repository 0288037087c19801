import Documents
import JSONSchema
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

/// Answers that official client libraries accept are accepted; an unusable answer fails the call at once.
@Suite("An answer of an MCP server in an odd shape")
struct MCPShapeTests {
    /// A legacy server that answers one of `initialize`, `tools/list` and `tools/call` by a line of Python.
    private static let source = #"""
        import json, sys

        odd, shape = sys.argv[1], sys.argv[2]
        tool = {"name": "do", "inputSchema": {"type": "object"}}
        results = {
            "initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "s"}},
            "tools/list": {"tools": [tool]},
            "tools/call": {"content": [{"type": "text", "text": "did it"}]},
        }

        def put(message):
            text = message if isinstance(message, (str, bytes)) else json.dumps(message)
            sys.stdout.buffer.write((text.encode() if isinstance(text, str) else text) + b"\n")
            sys.stdout.flush()

        for line in sys.stdin:
            message = json.loads(line)
            id, method = message.get("id"), message.get("method")
            with open("received", "a") as file: file.write(line)
            if id is None or method is None: continue
            result = results.get(method)
            whole = {"jsonrpc": "2.0", "id": id, "result": result}
            if method == odd: exec(shape)
            elif result is not None: put(whole)
            else: put({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "Method not found"}})
        """#

    private func bench(_ odd: String, _ shape: String, effect: String = "write") throws -> MCPFixture {
        let bench = try MCPFixture(
            command: ["python3", "server.py", odd, shape],
            members: "tools: {do: {effect: \(effect)}}"
        )
        bench.place.write("server.py", Self.source)
        return bench
    }

    private func text(_ result: String) -> String { "put({**whole, 'result': \(result)})" }

    @Test(
        "An odd answer to a call is accepted when its meaning is clear",
        arguments: [
            ("put({**whole, 'error': None})", "did it"), ("put({**whole, 'id': str(id)})", "did it"),
            ("put({**whole, 'id': float(id)})", "did it"), ("del whole['jsonrpc']; put(whole)", "did it"),
            ("put({**whole, 'jsonrpc': 2.0})", "did it"),
            ("put({**whole, 'jsonrpc': '1.0', 'method': None})", "did it"),
            ("put({**whole, 'method': 'tools/call'})", "did it"), ("put([whole])", "did it"),
            ("put([{'jsonrpc': '2.0', 'method': 'notifications/message', 'params': {}}, whole])", "did it"),
            ("put(b'\\xef\\xbb\\xbf' + json.dumps(whole).encode() + b'\\r')", "did it"),
            ("put('  ' + json.dumps(whole) + '  ')", "did it"), ("put(''); put('\\r'); put(whole)", "did it"),
            ("put('INFO ready'); put('{\"level\": \"info\", \"id\": %d}' % id); put('[1, 2]'); put(whole)", "did it"),
            ("put('{\"level\":\"info\",\"id\":%d,\"result\":\"ok\"}' % id); put(whole)", "did it"),
            (
                "put({'jsonrpc': '2.0', 'id': 9, 'method': 'notifications/progress', 'params': {}}); put(whole)",
                "did it"
            ),
            (
                "put({'jsonrpc': '2.0', 'id': None, 'method': 'notifications/message', 'result': None}); put(whole)",
                "did it"
            ),
            ("put({**whole, 'id': 999}); put(whole)", "did it"),
            ("put('{\"jsonrpc\":\"2.0\",\"id\":0,\"id\":%d,\"result\":{\"content\":[]}}' % id)", ""),
            ("put({**whole, 'result': {'content': {'type': 'text', 'text': 'one'}}})", "one"),
            ("put({**whole, 'result': {'content': 'mere text'}})", "mere text"),
            ("put({**whole, 'result': {'content': ['a', {'text': 'b'}]}})", "a\nb"),
            ("put({**whole, 'result': {'content': [{'type': 'text', 'text': 3}]}})", 3),
            ("put({**whole, 'result': {'content': [{'type': 'text', 'text': '3.10'}]}})", "3.10"),
            ("put({**whole, 'result': {'structuredContent': {'n': 1}}})", ["n": 1]),
            ("put({**whole, 'result': {'content': None, 'structuredContent': [1]}})", [1]),
            ("put({**whole, 'result': {'toolResult': {'n': 1}}})", ["n": 1]),
            ("put({**whole, 'result': {'content': [], 'isError': 'false', 'resultType': None}})", ""),
            (
                "put({**whole, 'result': {'content': [{'type': 'smell', 'strength': 3}]}})",
                [["type": "smell", "strength": 3]]
            ),
            ("put(json.dumps(whole).replace('did it', 'caf\\udce9').encode('utf8', 'surrogateescape'))", "caf\u{FFFD}"),
            (
                "put('{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"structuredContent\":{\"id\":12345678901234567890}}}' % id)",
                ["id": .number("12345678901234567890")]
            ),
        ] as [(String, JSON)]
    )
    func taken(shape: String, output: JSON) async throws {
        try await bench("tools/call", shape).use { bench in
            try await bench.expect(output, of: "do", ["x": "y"])
            #expect(bench.processes.count <= 1)
        }
    }

    @Test(
        "An unusable answer fails at once: permanently for a read, with an unknown outcome for a write",
        arguments: [
            ("put({'jsonrpc': '2.0', 'id': id})", "it has neither a result nor an error"),
            ("put({'jsonrpc': '2.0', 'result': {'content': []}})", "it does not say which request it answers"),
            ("put({**whole, 'id': 'abc'})", "it does not say which request it answers"),
            ("put({**whole, 'id': None})", "it does not say which request it answers"),
            ("put({**whole, 'result': None})", "its result is null, not an object"),
            ("put({**whole, 'result': {}})", "its result has no content"),
            ("put({**whole, 'result': 'done'})", "its result is a string, not an object"),
            ("put(json.dumps(whole)[:-1])", "it is not valid JSON at column "),
            ("put(json.dumps({**whole, 'result': {'x': float('nan')}}))", "it is not valid JSON at column "),
        ]
    )
    func unusable(shape: String, reason: String) async throws {
        for (effect, expected) in [("read", FailureClass.permanent), ("write", .unknown)] {
            try await bench("tools/call", shape, effect: effect).use { bench in
                let failure = try await bench.failure("do")
                #expect(failure.class == expected)
                let words = "fake.do: the MCP server fake gave an answer that cannot be used: \(reason)"
                #expect(failure.message.hasPrefix(words), "\(failure.message)")
            }
        }
    }

    @Test(
        "An error in an odd shape is a permanent failure with the server's words",
        arguments: [
            (
                "put({'jsonrpc': '2.0', 'id': id, 'result': None, 'error': {'code': '-32000', 'message': 'busy'}})",
                "fake.do: the MCP server fake refuses: busy (-32000)"
            ),
            ("put({'jsonrpc': '2.0', 'id': id, 'error': 'boom'})", "fake.do: the MCP server fake refuses: boom"),
            (
                "put({'jsonrpc': '2.0', 'id': id, 'error': {'code': 5}})",
                "fake.do: the MCP server fake refuses: {\"code\":5} (5)"
            ),
            (
                "put({'jsonrpc': '2.0', 'id': None, 'error': {'code': -32700, 'message': 'Parse error'}})",
                "fake.do: the MCP server fake refuses: Parse error (-32700)"
            ),
            (
                "put({**whole, 'result': {'content': [{'type': 'text', 'text': 'no'}], 'isError': 'true'}})",
                "fake.do failed: no"
            ),
            ("put({**whole, 'result': {'content': 'no', 'isError': 1}})", "fake.do failed: no"),
            (
                "put({**whole, 'result': {'structuredContent': {'why': 'no'}, 'isError': True}})",
                "fake.do failed: {\"why\":\"no\"}"
            ),
            ("put({**whole, 'result': {'isError': True}})", "fake.do failed"),
        ]
    )
    func refusals(shape: String, message: String) async throws {
        try await bench("tools/call", shape).use { bench in
            let failure = try await bench.failure("do")
            #expect(failure.class == .permanent && failure.message == message)
        }
    }

    @Test(
        "An odd answer to tools/list is accepted when its meaning is clear",
        arguments: [
            "result['nextCursor'] = ''; put(whole)", "result['nextCursor'] = None; put(whole)",
            "del tool['inputSchema']; put(whole)", "tool['inputSchema'] = None; put(whole)",
            "tool['inputSchema'] = True; put(whole)", "result['tools'] = [tool, tool, {}, None]; put(whole)",
            "result['nextCursor'] = 'x'; put(whole)", "put({**whole, 'error': None, 'id': str(id)})",
        ]
    )
    func lists(shape: String) async throws {
        try await bench("tools/list", shape).use { bench in
            let parameters = try await bench.tool("do").specification().parameters
            #expect(parameters.source["type"] == "object" && parameters.errors(in: [:]).isEmpty)
            try await bench.expect("did it", of: "do")
        }
    }

    @Test("A listed tool without a schema is a tool without parameters")
    func noSchema() async throws {
        try await bench("tools/list", "tool['inputSchema'] = None; put(whole)").use { bench in
            let parameters = try await bench.tool("do").specification().parameters
            #expect(parameters.source == ["type": "object", "properties": [:]])
        }
    }

    @Test(
        "An odd answer to initialize is accepted when its meaning is clear",
        arguments: [
            "put({**whole, 'result': {'protocolVersion': '2024-11-05'}})", "put({**whole, 'result': {}})",
            "put({**whole, 'result': {'protocolVersion': '2025-03-26', 'capabilities': None}})",
            "put({**whole, 'id': str(id), 'error': None})",
        ]
    )
    func greetings(shape: String) async throws {
        try await bench("initialize", shape).use { try await $0.expect("did it", of: "do") }
    }

    @Test("The failure of a call that timed out names an answer to a request that was never made")
    func oddity() async throws {
        try await bench("tools/call", "put({**whole, 'id': 999})").use { bench in
            async let failed = bench.failure("do")
            try await bench.place.until("the answer is seen") {
                bench.log.messages.value.contains { $0.contains("999") }
            }
            await bench.clock.whenSleeping(for: .seconds(30))
            bench.clock.advance(by: .seconds(30))
            let failure = try await failed
            #expect(failure.class == .unknown)
            #expect(
                failure.message.hasSuffix(
                    "did not answer within 30s; it wrote an answer to a request 999, which was not made"
                )
            )
        }
    }
}
