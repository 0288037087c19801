import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct JobLifeTests {
    private static let now = Timestamp(milliseconds: 1_795_485_600_000)
    private static let due = now + .seconds(60)
    private static let decision = Decision(uid: 1_000, user: "alice")
    private static let hold = Hold(reason: .requested, message: "")
    private static let acceptance = Acceptance(
        name: "a.txt",
        file: "job.txt",
        kind: .file,
        size: 1,
        sha256: "00",
        ownerUID: 1_000,
        owner: "alice",
        queue: "default",
        workflow: "prompt",
        definition: .null
    )

    private static let commands: [(name: String, command: JobCommand)] = [
        ("accept", .accept(acceptance)), ("claim", .claim(node: "n", .recovery)),
        ("step", .step(.stepStarted(StepStart(step: "a", kind: .model, attempt: 1)))),
        ("defer", .deferUntil(due, reason: "later")), ("hold", .hold(hold)), ("complete", .complete(output: 1)),
        ("fail", .fail(step: nil, Failure(.permanent, "no"))), ("deny", .fail(step: nil, Failure(.denied, "no"))),
        ("cancel", .cancel(decision)), ("retry", .retry(decision)), ("release", .release(Release(decision))),
        ("say no", .deny(Denial(step: nil, decision: decision))),
        ("say no to other", .deny(Denial(step: "z", decision: decision))), ("ask", .hold(asking)),
        ("approve", .approve(approval())),
        ("approve other", .approve(approval(["a": 2]))),
        ("release done", .release(Release(decision, finding: .done(output: 1)))),
        ("doubt", .hold(Hold(reason: .unknownOutcome, step: "a", message: ""))),
    ]

    private static let request = ApprovalRequest(step: "a", tool: "put", arguments: ["a": 1], why: "look")
    private static let asking = Hold(reason: .approval, step: "a", message: "", approval: request)

    private static func approval(_ arguments: JSON = ["a": 1]) -> Approval {
        Approval(step: "a", decision: decision, argumentsHash: arguments.sha256)
    }

    /// For every state: the commands that lead to it, and where each legal command leads from it. All other commands
    /// are illegal.
    private static let table: [(state: String, way: [String], legal: [String: String])] = [
        ("not accepted", [], ["accept": "waiting"]),
        (
            "waiting", ["accept"],
            [
                "claim": "waiting", "step": "running", "defer": "deferred", "hold": "held", "ask": "held",
                "doubt": "held", "complete": "done",
                "fail": "failed", "deny": "denied", "cancel": "cancelled",
            ]
        ),
        (
            "running", ["accept", "step"],
            [
                "claim": "waiting", "step": "running", "defer": "deferred", "hold": "held", "ask": "held",
                "doubt": "held", "complete": "done",
                "fail": "failed", "deny": "denied", "cancel": "cancelled",
            ]
        ),
        (
            "deferred", ["accept", "defer"],
            [
                "claim": "waiting", "hold": "held", "ask": "held", "doubt": "held", "cancel": "cancelled",
            ]
        ),
        ("held", ["accept", "hold"], ["cancel": "cancelled", "release": "deferred", "say no": "denied"]),
        (
            "held", ["accept", "ask"],
            [
                "cancel": "cancelled", "approve": "deferred", "say no": "denied", "fail": "failed", "deny": "denied",
            ]
        ),
        (
            "held", ["accept", "doubt"],
            ["cancel": "cancelled", "release done": "deferred", "say no": "denied"]
        ),
        ("done", ["accept", "complete"], [:]),
        ("failed", ["accept", "fail"], ["retry": "deferred"]),
        ("denied", ["accept", "deny"], ["retry": "deferred"]),
        ("cancelled", ["accept", "cancel"], ["retry": "deferred"]),
    ]

    /// What is legal for a held job depends on why it is held.
    private static func isRow(_ state: String, _ way: [String], of life: JobLife) -> Bool {
        guard case .held(let hold) = life.state else { return state == life.state.name }
        let ways: [Hold.Reason: String] = [.requested: "hold", .approval: "ask", .unknownOutcome: "doubt"]
        return way.last == ways[hold.reason]
    }

    private static func command(_ name: String) throws -> JobCommand {
        try #require(commands.first { $0.name == name }).command
    }

    @discardableResult
    private static func perform(_ command: JobCommand, on life: inout JobLife, at now: Timestamp = now) throws
        -> Transition
    {
        let transition = try life.decide(command, at: now)
        life.apply(life.record(transition.event, at: now))
        return transition
    }

    @Test(arguments: table.indices)
    func `in every state exactly the table's commands are legal, and lead where the table says`(row: Int) throws {
        let (state, way, legal) = Self.table[row]
        var life = JobLife()
        for name in way { try Self.perform(Self.command(name), on: &life) }
        #expect(life.state.name == state)
        for (name, command) in Self.commands {
            var next = life
            guard let expected = legal[name] else {
                #expect(throws: IllegalTransition.self, "\(name) of a job that is \(state)") {
                    try Self.perform(command, on: &next)
                }
                continue
            }
            let transition = try Self.perform(command, on: &next)
            #expect(next.state.name == expected, "\(name) of a job that is \(state)")
            #expect(next.seq == life.seq + 1)
            #expect(next.epoch == life.epoch + (name == "claim" || name == "accept" ? 1 : 0))
            #expect(transition.endsJob == next.isEnded)
            if let destination = transition.destination { #expect(destination == next.place) }
            if next.place != life.place, name != "accept" { #expect(transition.destination == next.place) }
        }
    }

    @Test func `each state has its place`() throws {
        let places: [String: Place] = [
            "accept": .processing, "step": .processing, "defer": .deferred(until: Self.due), "hold": .held,
            "complete": .done(day: "2026-11-24"), "fail": .failed(day: "2026-11-24"),
            "deny": .failed(day: "2026-11-24"),
            "cancel": .failed(day: "2026-11-24"),
        ]
        for (name, place) in places {
            var life = JobLife()
            if name != "accept" { try Self.perform(Self.command("accept"), on: &life) }
            try Self.perform(Self.command(name), on: &life)
            #expect(life.place == place, "\(name)")
        }
    }

    @Test func `a refused command gets an error with the state, the command and the reason`() throws {
        var life = JobLife()
        #expect(
            errorText { try life.decide(.complete(output: 1), at: Self.now) }
                == "a job that is not accepted cannot be completed"
        )
        try Self.perform(Self.command("accept"), on: &life)
        try Self.perform(Self.command("complete"), on: &life)
        #expect(
            errorText { try life.decide(.retry(Self.decision), at: Self.now) }
                == "a job that is done cannot be retried: it completed, and nothing of it failed"
        )
    }

    @Test func `a retried or released job is due at once`() throws {
        for way in [["accept", "fail", "retry"], ["accept", "hold", "release"]] {
            var life = JobLife()
            for name in way { try Self.perform(Self.command(name), on: &life) }
            #expect(life.state == .deferred(until: Self.now))
        }
    }

    @Test func `random commands reach only legal states, and replayed records give the same life`() throws {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            var life = JobLife()
            var lives = [life]
            var records: [HistoryRecord] = []
            var now = Self.now
            for _ in 0..<60 {
                let (name, command) = random.pick(Self.commands)
                now = now + .milliseconds(Int.random(in: 0...100_000, using: &random))
                let row = try #require(Self.table.first { Self.isRow($0.state, $0.way, of: life) })
                do {
                    let transition = try life.decide(command, at: now)
                    let record = life.record(transition.event, at: now)
                    life.apply(record)
                    records.append(record)
                    lives.append(life)
                    #expect(row.legal[name] == life.state.name, "seed \(seed)")
                } catch {
                    #expect(row.legal[name] == nil, "seed \(seed): \(name) of a job that is \(row.state)")
                }
            }
            var replayed = JobLife()
            for (record, expected) in zip(records, lives.dropFirst()) {
                let read = try #require(
                    HistoryRecord(json: try JSONParser.parse(record.openBytes + [UInt8(ascii: "}")]))
                )
                replayed.apply(read)
                #expect(replayed == expected, "seed \(seed)")
            }
            #expect(records.map(\.seq) == Array(1..<(records.count + 1)))
            #expect(zip(records, records.dropFirst()).allSatisfy { $0.epoch <= $1.epoch })
        }
    }

    @Test func `a record of an unknown type changes no state`() throws {
        var life = JobLife()
        try Self.perform(Self.command("accept"), on: &life)
        let before = life.state
        life.apply(life.record(.unknown(type: "approved", members: [:]), at: Self.now))
        #expect(life.state == before && life.seq == 2)
    }
}
