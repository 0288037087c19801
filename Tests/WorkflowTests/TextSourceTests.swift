import Documents
import Jobs
import Models
import TestKit
import Testing

@testable import Workflow

@Suite struct TextSourceTests {
    private static let lines = "{\"text\":\"grün\"}\r\n\r\n{\"text\":\"日本\"}\r\n"

    private static func utf16(_ text: String) -> [UInt8] {
        [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    @Test(arguments: [
        ("UTF-8", Array(lines.utf8)), ("UTF-8 with a mark", [0xEF, 0xBB, 0xBF] + Array(lines.utf8)),
        ("UTF-16", utf16(lines)),
    ]) func `a batch is read in UTF-8 and in UTF-16 with a byte order mark`(name: String, bytes: [UInt8]) async throws {
        var source = MemoryBytes("")
        source.bytes = bytes
        let file = try await BatchFile(source)
        #expect(file.count == 2)
        #expect(try await file.line(at: 0).request == .input(["text": "grün"]))
        #expect(try await file.line(at: 1).request == .input(["text": "日本"]))
        #expect(try await file.line(at: 1).number == 3)
    }

    @Test func `the elements of an array are the requests of a batch`() async throws {
        let text =
            "[\n {\"custom_id\": \"a\",\n \"body\": {\"messages\": []}},\n {\"custom_id\": \"b\", \"body\": {\"messages\": []}}\n]"
        let file = try await BatchFile(MemoryBytes(text), form: .values)
        #expect(file.count == 2)
        #expect(try await file.line(at: 0).id == "a")
        #expect(try await file.line(at: 1).id == "b")
        #expect(try await file.line(at: 1).number == 2)
    }

    @Test func `elements on one line have unique ids`() async throws {
        let file = try await BatchFile(
            MemoryBytes("[{\"a\":1},{\"a\":2},{\"custom_id\":\"1\",\"a\":3}]"),
            form: .values
        )
        var paths: [String] = []
        for index in 0..<file.count { paths.append(try await file.line(at: index).path) }
        #expect(paths == ["batch/1:1", "batch/2", "batch/1"])
    }

    @Test func `a template that needs the text of a binary file fails with the reason`() throws {
        let problem = Failure(.permanent, "scan.pdf cannot be input.text: it is a PDF document, not a text")
        let scope = Scope(input: ["name": "scan.pdf"], job: [:], textProblem: problem)
        func render(_ text: String) throws -> JSON {
            let reader = try MemberReader(Document(Array("{}".utf8), format: .json))
            return try Template(.string(text), at: [], in: reader, steps: []).render(scope)
        }
        for text in ["{{input.text}}", "Ticket: {{input.text}}", "{{^input.prompt}}{{input.text}}{{/input.prompt}}"] {
            #expect(throws: problem) { try render(text) }
        }
        #expect(try render("{{input.name}}") == "scan.pdf")
        #expect(try render("{{#input.text}}{{input.text}}{{/input.text}}{{^input.text}}none{{/input.text}}") == "none")
        #expect(throws: problem) {
            try WorkflowRun.opening(system: nil, prompt: template("{{#item}}x{{/item}}"), scope)
        }
    }

    private func template(_ text: String) throws -> Template {
        try Template(.string(text), at: [], in: MemberReader(Document(Array("{}".utf8), format: .json)), steps: [])
    }
}
