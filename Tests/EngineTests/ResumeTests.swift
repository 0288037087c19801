import Documents
import Glibc
import Jobs
import OrderedCollections
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("A job that resumes an earlier one", .timeLimit(.minutes(1)))
struct ResumeTests {
    private let yaml = """
        steps:
          - id: each
            for_each: input.items
            steps: [{id: put, tool: call, arguments: {name: "{{item.text}}"}}]
        """

    private func document(_ items: String, resuming id: JobID? = nil) -> String {
        #"{"input": {"items": ["# + items + "]}" + (id.map { #", "resume_from": "\#($0)""# } ?? "") + "}"
    }

    private func output(_ bench: EngineFixture, _ name: String) throws -> JSON? {
        guard let location = try bench.spool.findJobs(where: { $0.drop == name }).first else { return nil }
        return try bench.spool.contents(of: SpoolLayout.result, in: location).flatMap { bytes in
            try JSONParser.parse(bytes)["output"]
        }
    }

    @Test("A resuming job runs only new elements, whatever their places")
    func elements() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call", effect: .write) { invocation in
                if invocation.arguments["name"] == "bad", invocation.attempt == 1 { throw Failure(.permanent, "no") }
                return .string("did \(invocation.arguments["name"]?.string ?? "")")
            }
            try await bench.run(EngineFixture.Setup(yaml: yaml, tools: [tool])) { _ in
                try bench.drop("a.json", document(#"{"text":"x"},{"text":"y","custom_id":"a/b"},{"text":"bad"}"#))
                await bench.observer.when("a.json", .failed)
                let id = try #require(bench.ids("a.json").first)
                #expect(bench.log.names == ["x", "y", "bad"])
                try bench.drop(
                    "b.json",
                    document(#"{"text":"new"},{"text":"y","custom_id":"a/b"},{"text":"x"},{"text":"x"}"#, resuming: id)
                )
                await bench.observer.when("b.json", .done)
            }
            // One x was done before; the second one is new.
            #expect(bench.log.names == ["x", "y", "bad", "new", "x"])
            #expect(bench.log.begun.map(\.step).prefix(3) == ["each/0/put", "each/a%2Fb/put", "each/2/put"])
            #expect(try output(bench, "b.json") == ["did new", "did y", "did x", "did x"])
            #expect(try bench.problems() == [])
        }
    }

    @Test("A batch file says in its name which job it resumes")
    func batch() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { .string("did \($0.arguments["name"]?.string ?? "")") }
            let setup = EngineFixture.Setup(
                yaml: "steps: [{id: put, tool: call, arguments: {name: \"{{input.text}}\"}}]",
                tools: [tool]
            )
            try await bench.run(setup) { _ in
                try bench.drop("words.jsonl", "{\"text\":\"x\"}\n{\"text\":\"y\"}\n")
                await bench.observer.when("words.jsonl", .done)
                let id = try #require(bench.ids("words.jsonl").first)
                let next = ResumeName.name("words.jsonl", resuming: id)
                try bench.drop(next, "{\"text\":\"y\"}\n{\"text\":\"z\"}\n{\"text\":\"x\"}\n")
                await bench.observer.when(next, .done)
                #expect(try output(bench, next)?["request_counts"]?["completed"] == 3)
            }
            #expect(Set(bench.log.names.prefix(2)) == ["x", "y"] && bench.log.names.dropFirst(2) == ["z"])
        }
    }

    @Test("A resuming job fails when there is no such job")
    func unknown() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { _ in 1 }
            try await bench.run(EngineFixture.Setup(yaml: yaml, tools: [tool])) { _ in
                let id = JobID(time: bench.clock.wallClock.now, high: 7, low: 7)
                try bench.drop("b.json", document("", resuming: id))
                await bench.observer.when("b.json", .failed)
            }
            #expect(bench.observer.rows.value["b.json"]?.reason?.contains("is not in the spool") == true)
        }
    }

    @Test("A resuming job takes over the operator's finding, and fails when a write has an unknown outcome")
    func doubts() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call", effect: .write) { invocation in
                if invocation.arguments["name"] == "bad" { throw Failure(.permanent, "no") }
                throw Failure(.unknown, "the answer was lost")
            }
            try await bench.run(EngineFixture.Setup(yaml: yaml, tools: [tool])) { _ in
                try bench.drop("a.json", document(#"{"text":"x"},{"text":"bad"}"#))
                await bench.observer.when("a.json", .held)
                let id = try #require(bench.ids("a.json").first)
                try bench.request(.release, [id]) { $0.finding = .done(output: "by hand") }
                await bench.observer.when("a.json", .failed)
                try bench.drop("b.json", document(#"{"text":"x"}"#, resuming: id))
                await bench.observer.when("b.json", .done)

                try bench.drop("c.json", document(#"{"text":"y"}"#))
                await bench.observer.when("c.json", .held)
                let other = try #require(bench.ids("c.json").first)
                try bench.request(.cancel, [other])
                await bench.observer.when("c.json", .failed)
                try bench.drop("d.json", document(#"{"text":"y"}"#, resuming: other))
                await bench.observer.when("d.json", .failed)
            }
            #expect(bench.log.names == ["x", "bad", "y"])
            #expect(try output(bench, "b.json") == ["by hand"])
            #expect(bench.observer.rows.value["d.json"]?.reason?.contains("a write with an unknown outcome") == true)
        }
    }

    @Test("A job cannot resume another user's job", .enabled(if: geteuid() == 0, "only root can give files away"))
    func otherOwner() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { _ in "secret" }
            try await bench.run(EngineFixture.Setup(yaml: yaml, tools: [tool])) { _ in
                try bench.drop("a.json", document(#"{"text":"x"}"#))
                await bench.observer.when("a.json", .done)
                let id = try #require(bench.ids("a.json").first)
                // Staged elsewhere on the same filesystem, so that the rename brings it with its owner.
                try bench.stage("b.json", document(#"{"text":"x"}"#, resuming: id), in: "keys")
                #expect(chown("\(bench.path)/keys/b.json", 12_345, 12_345) == 0)
                #expect(rename("\(bench.path)/keys/b.json", "\(bench.path)/inbox/default/b.json") == 0)
                await bench.observer.when("b.json", .failed)
            }
            #expect(bench.observer.rows.value["b.json"]?.reason?.contains("belongs to another user") == true)
            #expect(bench.log.begun.count == 1)
        }
    }

    @Test("A drop's name says which job it resumes", arguments: ["words.jsonl", "words", "a.b.txt", ".resume-.x"])
    func names(_ name: String) {
        let id = JobID(time: Timestamp(milliseconds: 1_795_485_600_000), high: 1, low: 2)
        #expect(ResumeName.job(in: ResumeName.name(name, resuming: id)) == id)
        #expect(ResumeName.job(in: name) == nil)
    }
}
