import Documents
import Glibc
import Jobs
import Spool
import TestKit
import Testing
import Tools
import Workflow

@testable import Engine

@Suite("A held job", .timeLimit(.minutes(1)))
struct HoldTests {
    private func policy(_ yaml: String) throws -> ToolPolicy {
        try ToolPolicy(MemberReader(Document(Array(yaml.utf8), format: .yaml)))
    }

    private func approved(_ bench: EngineFixture, _ name: String, _ arguments: JSON? = nil) throws {
        let location = try #require(bench.spool.findJobs { $0.drop == name }.first)
        let bytes = try #require(try bench.spool.contents(of: SpoolLayout.approval, in: location))
        let asked = try #require(ApprovalRequest(json: try JSONParser.parse(bytes)))
        try bench.request(.approve, bench.ids(name)) { request in
            request.approved = ControlRequest.ApprovedCall(
                step: asked.step,
                argumentsHash: asked.argumentsHash,
                arguments: arguments
            )
        }
    }

    private func asking(_ bench: EngineFixture, _ rule: String = "{approval: always}") throws -> EngineFixture.Setup {
        let tool = bench.tool("call", effect: .write) { $0.arguments }
        return EngineFixture.Setup(tools: [tool], policies: ["call": try policy(rule)])
    }

    @Test("A job that waits for approval uses no worker, and continues once approved")
    func approve() async throws {
        try await EngineFixture.with { bench in
            var setup = try asking(bench)
            setup.settings.concurrency = 1
            try await bench.run(setup) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .held)
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .held)
                #expect(bench.log.begun.isEmpty)
                try approved(bench, "a.txt")
                await bench.observer.when("a.txt", .done)
                try approved(bench, "b.txt", ["name": "other"])
                await bench.observer.when("b.txt", .done)
            }
            #expect(bench.log.names == ["a.txt", "other"])
            #expect(
                try bench.history(of: "a.txt").filter { ["held", "approved"].contains($0) } == ["held", "approved"]
            )
            #expect(try bench.problems() == [])
        }
    }

    @Test("An approval of something else does not release a held job")
    func otherApproval() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(try asking(bench)) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .held)
                try bench.request(.approve, bench.ids("a.txt")) { request in
                    request.approved = ControlRequest.ApprovedCall(step: "call", argumentsHash: "00")
                }
                await bench.messages.when("request settled")
                #expect(bench.messages.count(of: "approve was refused: a job that is held cannot be approved") == 1)
                try bench.request(.release, bench.ids("a.txt"))
                await bench.messages.when("request settled", times: 2)
            }
            #expect(bench.log.begun.isEmpty)
            #expect(try bench.place(of: "a.txt") == "held")
        }
    }

    @Test("A held job ends as denied when the operator denies it")
    func deny() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(try asking(bench)) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .held)
                try bench.request(.deny, bench.ids("a.txt"))
                await bench.observer.when("a.txt", .failed)
            }
            let row = try #require(bench.observer.rows.value["a.txt"])
            #expect(row.outcome == "denied" && row.step == "call")
            #expect(bench.log.begun.isEmpty)
            #expect(try bench.problems() == [])
        }
    }

    @Test("A request for approval that expires gets its configured answer", arguments: ["deny", "fail"])
    func expire(_ action: String) async throws {
        try await EngineFixture.with { bench in
            let setup = try asking(bench, "{approval: {expires: 30s, on_expiry: \(action)}}")
            try await bench.run(setup) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .held)
            }
            // The next run of the daemon knows it, too.
            try await bench.run(setup) { running in
                await running.whenReady()
                await bench.clock.whenSleeping(for: .seconds(30))
                #expect(bench.observer.rows.value["a.txt"]?.state == .held)
                bench.clock.advance(by: .seconds(30))
                await bench.observer.when("a.txt", .failed)
            }
            #expect(bench.observer.rows.value["a.txt"]?.outcome == (action == "deny" ? "denied" : "failed"))
            #expect(bench.log.begun.isEmpty)
        }
    }

    @Test("A job whose write has an unknown outcome continues as the operator decides")
    func findings() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call", effect: .write) { invocation in
                if invocation.attempt == 1 { throw Failure(.unknown, "the answer was lost") }
                return "again"
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                for name in ["a.txt", "b.txt", "c.txt"] {
                    try bench.drop(name)
                    await bench.observer.when(name, .held)
                }
                try bench.request(.release, bench.ids("a.txt"))
                await bench.messages.when("request settled")
                #expect(bench.messages.count(of: "say what you found out") == 1)
                try bench.request(.release, bench.ids("a.txt")) { $0.finding = .again }
                try bench.request(.release, bench.ids("b.txt")) { $0.finding = .done(output: "by hand") }
                try bench.request(.deny, bench.ids("c.txt"))
                await bench.observer.when("a.txt", .done)
                await bench.observer.when("b.txt", .done)
                await bench.observer.when("c.txt", .failed)
            }
            #expect(bench.log.names.filter { $0 == "a.txt" }.count == 2)
            #expect(bench.log.names.filter { $0 == "b.txt" }.count == 1)
            #expect(bench.log.names.filter { $0 == "c.txt" }.count == 1)
            let location = try #require(bench.spool.findJobs { $0.drop == "b.txt" }.first)
            let result = try JSONParser.parse(
                try #require(try bench.spool.contents(of: SpoolLayout.result, in: location))
            )
            #expect(result["output"] == "by hand")
        }
    }

    @Test("A hold lets the running step finish, and no further step begins")
    func hold() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let tool = bench.tool("call", effect: .write) { _ in
                try await gate.pass()
                return 1
            }
            let yaml = """
                steps:
                  - {id: one, tool: call, arguments: {name: "{{job.name}}"}}
                  - {id: two, tool: call, arguments: {name: "{{job.name}}"}}
                """
            try await bench.run(EngineFixture.Setup(yaml: yaml, tools: [tool])) { _ in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                try bench.request(.hold, bench.ids("a.txt"))
                await bench.messages.when("a hold waits for the job's step")
                gate.open()
                await bench.observer.when("a.txt", .held)
                #expect(bench.log.begun.count == 1)
                try bench.request(.release, bench.ids("a.txt"))
                await bench.observer.when("a.txt", .done)
            }
            #expect(bench.log.begun.map(\.step) == ["one", "two"])
        }
    }

    @Test("A request for approval expires in time although an entry beside it cannot be read")
    func unreadableNeighbour() async throws {
        try await EngineFixture.with { bench in
            let setup = try asking(bench, "{approval: {expires: 30s}}")
            try await bench.run(setup) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .held)
            }
            // Files that are named like jobs, one before and one after the real one.
            for id in ["00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"] {
                try bench.stage("\(id)-x", "", in: "held")
            }
            try await bench.run(setup) { running in
                await running.whenReady()
                await bench.clock.whenSleeping(for: .seconds(30))
                bench.clock.advance(by: .seconds(30))
                await bench.observer.when("a.txt", .failed)
            }
            #expect(bench.messages.count(of: "an approval that it waits for does not expire") == 2)
        }
    }

    @Test("A released job is not held again by a request that still waits for another job")
    func requestForTwo() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let tool = bench.tool("call", effect: .write) { invocation in
                if invocation.arguments["name"] == "b.txt" { try await gate.pass() }
                return 1
            }
            var setup = EngineFixture.Setup(tools: [tool])
            setup.settings.concurrency = 1
            try await bench.run(setup) { _ in
                try bench.drop("b.txt")
                await bench.log.whenBegun(1)
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .waiting)
                try bench.request(.hold, bench.ids("a.txt", "b.txt"))
                await bench.observer.when("a.txt", .held)
                try bench.request(.release, bench.ids("a.txt"))
                await bench.messages.when("request settled")
                // One more scan of control/.
                try bench.request(.cancel, [])
                await bench.messages.when("request settled", times: 2)
                gate.open()
                await bench.observer.when("a.txt", .done)
            }
            #expect(try bench.history(of: "a.txt").filter { $0 == "held" }.count == 1)
        }
    }
}
