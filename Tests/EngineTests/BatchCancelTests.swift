import Documents
import Jobs
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("Cancelling a batch", .timeLimit(.minutes(1)))
struct BatchCancelTests {
    @Test("A cancelled batch keeps the results of its done lines and reports the others as cancelled")
    func cancelBatch() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { invocation in
                if invocation.step != "batch/1/call" { try await Gate().pass() }
                return "done"
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.jsonl", "{}\n{}\n{\n")
                await bench.log.whenBegun(2)
                await bench.observer.rows.wait { $0["a.jsonl"]?.step != nil }
                try bench.request(.cancel, bench.ids("a.jsonl"))
                await bench.messages.when("request settled")
            }
            #expect(bench.observer.rows.value["a.jsonl"]?.outcome == "cancelled")
            #expect(try bench.problems() == [])
            let location = try #require(try bench.spool.findJobs { _ in true }.first)
            let text = { (name: String) in
                String(decoding: try bench.spool.contents(of: name, in: location) ?? [], as: UTF8.self)
            }
            let written = try text("output.jsonl") + text("errors.jsonl")
            #expect(written.split(separator: "\n").count == 3)
            #expect(try text("errors.jsonl").contains("{\"custom_id\":\"2\",\"error\":{\"code\":\"batch_cancelled\""))
        }
    }
}
