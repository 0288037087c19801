import Documents
import Jobs
import OrderedCollections
import Redaction
import Spool
import TestKit
import Testing
import Tools
import Workflow

@testable import Engine

@Suite("The redaction of records", .timeLimit(.minutes(1)))
struct RedactionTests {
    private static let key = "sk-a1B2c3D4e5F6g7H8i9J0"

    private func redactor(_ yaml: String) throws -> Redactor {
        let reader = try MemberReader(Document(Array(yaml.utf8), format: .yaml, name: "a.yaml"))
        return Redactor(rules: try RedactionRule.rules("redact", reader))
    }

    @Test("No event and no command keeps a secret in its texts")
    func everyEvent() {
        let redaction = EventRedaction(Redactor())
        let failure = Failure(.permanent, "bad \(Self.key)", hint: "mend \(Self.key)")
        let decision = Decision(uid: 1, user: "u", reason: "for \(Self.key)")
        let until = Timestamp(milliseconds: 0)
        let hold = Hold(reason: .poison, message: "see \(Self.key)")
        let completion = StepCompletion(step: "s", kind: .tool, tool: Self.key, failure: failure)
        let events: [JobEvent] = [
            .stepStarted(StepStart(step: "s", kind: .tool, attempt: 1, summary: Self.key)),
            .stepCompleted(completion), .stepFailed(StepFailure(step: "s", kind: .tool, attempt: 1, failure: failure)),
            .deferred(until: until, reason: Self.key), .held(hold), .released(Release(decision)), .retried(decision),
            .approved(Approval(step: "s", decision: decision, argumentsHash: "")),
            .denied(Denial(step: "s", decision: decision)),
            .cancelled(decision), .failed(step: "s", failure),
        ]
        for event in events.dropFirst() { #expect(!"\(redaction.redacted(event))".contains(Self.key), "\(event.type)") }
        let commands: [JobCommand] = [
            .step(.held(hold)), .deferUntil(until, reason: Self.key), .hold(hold), .fail(step: nil, failure),
            .cancel(decision), .retry(decision), .release(Release(decision)),
            .deny(Denial(step: "s", decision: decision)),
            .approve(Approval(step: "s", decision: decision, argumentsHash: "")),
        ]
        for command in commands { #expect(!"\(redaction.redacted(command))".contains(Self.key), "\(command)") }
    }

    @Test("Arguments and outputs stay complete, with a redacted summary beside them")
    func summaries() {
        let redaction = EventRedaction(Redactor())
        let value: JSON = ["key": .string(Self.key), "token": "abc"]
        let start = StepStart(step: "s", kind: .tool, attempt: 1, arguments: value)
        let completion = StepCompletion(step: "s", kind: .tool, output: value)
        var (shownStart, shownCompletion) = (start, completion)
        shownStart.summary = #"{"key":"[redacted]","token":"[redacted]"}"#
        shownCompletion.summary = shownStart.summary
        #expect(redaction.redacted(.stepStarted(start)) == .stepStarted(shownStart))
        #expect(redaction.redacted(.stepCompleted(completion)) == .stepCompleted(shownCompletion))
    }

    @Test("Values that path rules name in input, arguments and outputs are hidden wherever they appear again")
    func paths() async throws {
        try await EngineFixture.with { bench in
            var setup = EngineFixture.Setup(
                yaml: """
                    steps:
                      - {id: get, tool: call, arguments: {pin: "{{input.pin}}", code: "code-{{input.pin}}"}}
                      - {id: use, tool: call, arguments: {pin: x, code: x}}
                    """,
                tools: [
                    bench.tool("call") { invocation in
                        if invocation.step == "get" { return ["ticket": "ticket-77"] }
                        throw Failure(.permanent, "it broke over 7351-pin, code-7351-pin and ticket-77")
                    }
                ]
            )
            setup.redactor = try redactor(
                "redact: [{path: input.pin}, {path: arguments.code}, {path: output.ticket}]"
            )
            try await bench.run(setup) { _ in
                try bench.drop("a.json", #"{"input": {"pin": "7351-pin"}}"#)
                await bench.observer.when("a.json", .failed)
            }
            let reason = try #require(bench.observer.rows.value["a.json"]?.reason)
            #expect(reason == "permanent: it broke over [redacted], [redacted] and [redacted]")
            let location = try #require(try bench.spool.findJobs { $0.drop == "a.json" }.first)
            let records = try #require(try bench.spool.history(of: location)).records
            let starts = records.compactMap { if case .stepStarted(let start) = $0.event { start } else { nil } }
            #expect(starts.first?.summary == #"{"pin":"[redacted]","code":"[redacted]"}"#)
            #expect(starts.first?.arguments == ["pin": "7351-pin", "code": "code-7351-pin"])
        }
    }

    @Test("The reason of a rejection is redacted, too")
    func rejection() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { _ in 1 }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.json", #"{"workflow": "\#(Self.key)"}"#)
                await bench.observer.rows.wait { !$0.rejected.isEmpty }
            }
            let reason = try #require(bench.observer.rows.value.rejected.first?.reason)
            #expect(reason.contains(#"there is no workflow "[redacted]""#))
        }
    }
}
