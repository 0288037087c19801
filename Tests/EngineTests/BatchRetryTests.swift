import Documents
import Jobs
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("Retrying a batch with failed lines", .timeLimit(.minutes(1)))
struct BatchRetryTests {
    /// A tool that fails for texts that begin with "bad", until `isMended` is set.
    private static func setup(_ bench: EngineFixture, _ isMended: Watched<Bool>) -> EngineFixture.Setup {
        EngineFixture.Setup(
            yaml: "steps: [{id: call, tool: call, arguments: {text: '{{input}}', name: '{{input}}'}}]",
            tools: [
                bench.tool("call") { invocation in
                    let text = invocation.arguments["text"]?.string ?? ""
                    if text.hasPrefix("bad"), !isMended.value { throw Failure(.permanent, "it is \(text)") }
                    return .string("did \(text)")
                }
            ]
        )
    }

    private let batch = "\"a\"\n\"bad 1\"\n\"b\"\n\"bad 2\"\n"

    private func file(_ name: String, _ bench: EngineFixture) throws -> String? {
        let location = try #require(try bench.spool.findJobs { $0.drop == "b.jsonl" }.first)
        return try bench.spool.contents(of: name, in: location).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("A retry of a batch runs only its failed lines, and writes both files anew")
    func retry() async throws {
        try await EngineFixture.with { bench in
            let isMended = Watched(false)
            try await bench.run(Self.setup(bench, isMended)) { _ in
                try bench.drop("b.jsonl", batch)
                await bench.observer.when("b.jsonl", .done)
                #expect(bench.observer.rows.value["b.jsonl"]?.reason == "2 of 4 lines failed")
                #expect(try file("errors.jsonl", bench)?.split(separator: "\n").count == 2)
                isMended.update { $0 = true }
                try bench.request(.retry, bench.ids("b.jsonl"))
                await bench.log.whenBegun(6)
                await bench.observer.rows.wait {
                    $0["b.jsonl"]?.state == .done && $0["b.jsonl"]?.reason == nil
                }
            }
            #expect(Set(bench.log.names.suffix(2)) == ["bad 1", "bad 2"] && bench.log.names.count == 6)
            #expect(try file("output.jsonl", bench)?.split(separator: "\n").count == 4)
            #expect(try file("errors.jsonl", bench) == nil)
            #expect(try bench.problems() == [])
        }
    }

    @Test("A batch can be retried again when some of its lines fail again")
    func again() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(Self.setup(bench, Watched(false))) { _ in
                try bench.drop("b.jsonl", batch)
                await bench.observer.when("b.jsonl", .done)
                for count in [6, 8] {
                    let seq = bench.observer.rows.value["b.jsonl"]?.seq ?? 0
                    try bench.request(.retry, bench.ids("b.jsonl"))
                    await bench.log.whenBegun(count)
                    await bench.observer.rows.wait {
                        $0["b.jsonl"]?.state == .done && $0["b.jsonl"].map { $0.seq > seq } == true
                    }
                    #expect(bench.observer.rows.value["b.jsonl"]?.reason == "2 of 4 lines failed")
                }
            }
            #expect(try file("errors.jsonl", bench)?.split(separator: "\n").count == 2)
        }
    }

    @Test("A batch whose lines all fail is a failed job, and can be retried like one")
    func allFailed() async throws {
        try await EngineFixture.with { bench in
            let isMended = Watched(false)
            try await bench.run(Self.setup(bench, isMended)) { _ in
                try bench.drop("b.jsonl", "\"bad 1\"\n\"bad 2\"\n")
                await bench.observer.when("b.jsonl", .failed)
                #expect(
                    bench.observer.rows.value["b.jsonl"]?.reason == "permanent: all 2 lines failed: it is bad 1"
                )
                #expect(try file("errors.jsonl", bench)?.split(separator: "\n").count == 2)
                isMended.update { $0 = true }
                try bench.request(.retry, bench.ids("b.jsonl"))
                await bench.observer.when("b.jsonl", .done)
            }
            #expect(try file("output.jsonl", bench)?.split(separator: "\n").count == 2)
        }
    }
}
