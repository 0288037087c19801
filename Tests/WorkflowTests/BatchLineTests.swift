import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct BatchLineTests {
    private func lines(_ text: String) async throws -> [BatchLine] {
        let file = try await BatchFile(MemoryBytes(text))
        var lines: [BatchLine] = []
        for index in 0..<file.count { lines.append(try await file.line(at: index)) }
        return lines
    }

    private func code(_ text: String) -> String? {
        if case .fault(let fault) = BatchLine(text.utf8, number: 1).request { fault.code } else { nil }
    }

    @Test func `lines are read in the three formats, blank ones passed over`() async throws {
        let text = """
            {"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"messages":[]}}\r

            {"custom_id":"b","params":{"messages":[],"max_tokens":5}}
            {"text":"hello"}
            "just text"
            {"body":"of an e-mail"}
            """
        let lines = try await lines(text + "\n  \n")
        #expect(lines.map(\.number) == [1, 3, 4, 5, 6])
        #expect(lines.map(\.id) == ["a", "b", "4", "5", "6"])
        #expect(lines.map { $0.format?.name } == ["openai", "anthropic", nil, nil, nil])
        #expect(
            lines.map(\.request) == [
                .body(["messages": []]), .body(["messages": [], "max_tokens": 5]), .input(["text": "hello"]),
                .input("just text"), .input(["body": "of an e-mail"]),
            ]
        )
    }

    @Test(arguments: [
        (#"{"a":"#, "invalid_json_line"), (#"{"custom_id":"x","body":5}"#, "invalid_type"),
        (#"{"custom_id":"x","body":{}}"#, "missing_required_parameter"),
        (#"{"custom_id":"x","body":{"messages":"hi"}}"#, "missing_required_parameter"),
        (#"{"custom_id":"x","body":{"messages":[],"stream":true}}"#, "unsupported_value"),
        (#"{"custom_id":"x","method":"GET","body":{"messages":[]}}"#, "invalid_method"),
        (#"{"custom_id":"x","url":"/v1/images/edits","body":{"messages":[]}}"#, "url_mismatch"),
        (#"{"custom_id":"x","url":"/v1/embeddings","body":{"messages":[]}}"#, "missing_required_parameter"),
        (#"{"custom_id":"x","url":"/v1/responses","body":{"input":null}}"#, "missing_required_parameter"),
        (#"{"custom_id":"x","url":"/v1/completions","body":{"input":"a"}}"#, "missing_required_parameter"),
        (#"{"custom_id":5,"body":{"messages":[]}}"#, "invalid_custom_id"),
        (#"{"custom_id":"","body":{"messages":[]}}"#, "invalid_custom_id"),
        (#"{"method":"POST","url":"/v1/chat/completions","body":{"messages":[]}}"#, "invalid_custom_id"),
        (#"{"custom_id":"x","params":[]}"#, "invalid_type"),
        (#"{"custom_id":"x","params":{"messages":[],"max_tokens":0}}"#, "invalid_value"),
        (#"{"custom_id":"x","params":{"messages":[],"stream":true}}"#, "unsupported_value"),
    ]) func `a bad line says why, in OpenAI's words`(text: String, expected: String) {
        #expect(code(text) == expected)
    }

    @Test(arguments: [
        #"{"custom_id":"x","body":{"messages":[]}}"#,
        #"{"custom_id":"x","method":"POST","url":"http://localhost/v1/chat/completions","body":{"messages":[]}}"#,
        #"{"custom_id":"x","body":{"messages":[],"stream":false}}"#,
        #"{"custom_id":"x","url":"/v1/embeddings","body":{"input":["a","b"]}}"#,
        #"{"custom_id":"x","url":"/v1/responses","body":{"input":"a"}}"#,
        #"{"custom_id":"x","url":"/v1/completions","body":{"prompt":"a"}}"#,
    ]) func `members that other services leave out or add are tolerated`(text: String) { #expect(code(text) == nil) }

    @Test func `an id that an earlier line has is a fault of the later line alone`() async throws {
        let line = #"{"custom_id":"x","body":{"messages":[]}}"# + "\n"
        let lines = try await lines(line + line)
        #expect(lines.map(\.id) == ["x", "2:x"])
        #expect(lines[0].request == .body(["messages": []]))
        let message = "an earlier line has the custom_id \"x\""
        #expect(lines[1].request == .fault(BatchLineFault("duplicate_custom_id", message)))
    }

    @Test func `every line has a unique id, whatever ids the file gives`() async throws {
        let ids = ["x", "3:x", "x", "3:x", "5", "7", "x", "4:3:x", "5"]
        let text = ids.map { "{\"custom_id\":\"\($0)\",\"body\":{}}\n" }.joined() + "{\"text\":1}\nbroken\n"
        for extra in ["", "{\"custom_id\":\"10\",\"body\":{}}\n{\"custom_id\":\"11:11\",\"body\":{}}\n"] {
            let lines = try await lines(text + extra)
            #expect(Set(lines.map(\.path)).count == ids.count + 2 + (extra.isEmpty ? 0 : 2))
        }
    }

    @Test func `a line without an id is not taken for another whose id is its number`() async throws {
        let lines = try await lines("{\"custom_id\":\"2\",\"body\":{\"messages\":[]}}\n{\"text\":\"hello\"}\n")
        #expect(lines.map(\.id) == ["2", "2:2"])
        #expect(lines[0].request == .body(["messages": []]) && lines[1].request == .input(["text": "hello"]))
    }

    @Test func `a line that is too long is not read, and those around it are`() async throws {
        let long = "\"" + String(repeating: "x", count: BatchLine.bytesMax) + "\""
        let lines = try await lines("1\n\(long)\n3\n")
        #expect(lines.map(\.id) == ["1", "2", "3"])
        #expect(lines[2].request == .input(3))
        let message = "it has \(BatchLine.bytesMax + 3) bytes; \(BatchLine.bytesMax) is the most"
        #expect(lines[1].request == .fault(BatchLineFault("invalid_json_line", message)))
    }

    @Test func `half a line of a file that became shorter does not run`() async throws {
        final class Shrinking: ByteSource {
            func read(at offset: Int, count: Int) -> [UInt8] {
                count > 100 ? Array(Array("{\"a\":1}\n".utf8).dropFirst(offset)) : Array("{\"".utf8)
            }
        }
        let file = try await BatchFile(Shrinking())
        await #expect(throws: Failure.self) { try await file.line(at: 0) }
    }
}
