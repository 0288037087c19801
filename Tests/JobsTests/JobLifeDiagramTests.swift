import Documents
import Foundation
import Jobs
import Testing

/// Holds docs/job-life.md against the state machine.
@Suite struct JobLifeDiagramTests {
    private static let now = Timestamp(milliseconds: 1_795_485_600_000)
    private static let decision = Decision(uid: 1_000, user: "alice")
    private static let arguments: JSON = ["a": 1]

    // MARK: Every command

    private static let steps: [JobEvent] = [
        .stepStarted(StepStart(step: "a", kind: .model, attempt: 1)),
        .stepCompleted(StepCompletion(step: "a", kind: .model)),
        .stepFailed(StepFailure(step: "a", kind: .model, attempt: 1, failure: Failure(.temporary, "busy"))),
        .stepWaits(StepWait(step: "a", kind: .model, attempt: 1, until: now, reason: "busy", wasAsked: true)),
    ]

    /// Every reason, without an approval and with one of either answer to a no.
    private static let holds: [Hold] = Hold.Reason.allCases.flatMap { reason in
        requests.map { Hold(reason: reason, step: "a", message: "", approval: $0) }
    }

    private static let requests: [ApprovalRequest?] = [nil, request(.fail), request(.tell)]

    private static func request(_ onDenied: ApprovalRequest.DenialAction) -> ApprovalRequest {
        ApprovalRequest(step: "a", tool: "put", arguments: arguments, why: "look", onDenied: onDenied)
    }

    private static func approval(_ arguments: JSON) -> Approval {
        Approval(step: "a", decision: decision, argumentsHash: arguments.sha256)
    }

    private static func acceptance(_ kind: Acceptance.Kind) -> Acceptance {
        var acceptance = Story.acceptance
        acceptance.kind = kind
        return acceptance
    }

    /// Every command, with all that may differ about it.
    private static let commands: [JobCommand] = {
        var commands: [JobCommand] = [
            .accept(acceptance(.file)), .accept(acceptance(.batch)),
            .claim(node: "n", .due), .claim(node: "n", .recovery, after: .crash),
            .deferUntil(now + .seconds(60), reason: "later"),
            .complete(output: 1), .complete(output: ["request_counts": ["failed": 1, "total": 2]]),
            .cancel(decision), .retry(decision),
            .release(Release(decision)), .release(Release(decision, finding: .again)),
            .release(Release(decision, finding: .done(output: 1))),
            .approve(approval(arguments)), .approve(approval(["a": 2])),
            .deny(Denial(step: nil, decision: decision)), .deny(Denial(step: "a", decision: decision)),
            .deny(Denial(step: "z", decision: decision)),
            .deliver(.asked(decision)),
            .deliver(.delivered(.init(path: "/out/a", attempt: 1, size: 1, sha256: "00"))),
        ]
        commands += steps.map { JobCommand.step($0) }
        commands += holds.map { JobCommand.hold($0) }
        commands += FailureClass.allCases.map { JobCommand.fail(step: "a", Failure($0, "no")) }
        return commands
    }()

    /// The diagram's name of a command. The switch names every command, so that the compiler reports a new one.
    private static func event(_ command: JobCommand) -> String {
        switch command {
        case .accept: "accept"
        case .claim: "claim"
        case .step: "step"
        case .deferUntil: "defer"
        case .hold: "hold"
        case .complete: "complete"
        case .fail: "fail"
        case .cancel: "cancel"
        case .retry: "retry"
        case .release: "release"
        case .approve: "approve"
        case .deny: "deny"
        case .deliver: "deliver"
        }
    }

    // MARK: Every state

    /// The diagram's name of a state.
    private static func node(_ state: JobLife.State) -> String { state == .absent ? "[*]" : state.name }

    /// Equal for two lives that differ only in the number of their records and claims.
    private static func kind(_ life: JobLife) -> String {
        Mirror(reflecting: life).children.filter { $0.label != "seq" && $0.label != "epoch" }
            .map { "\($0.value)" }.joined(separator: " ")
    }

    /// Gives every command to every kind of life that commands lead to.
    ///
    /// - Returns: The lives, and the transitions that were allowed, as the diagram writes them.
    private static func explore() -> (lives: [JobLife], transitions: Set<String>) {
        var lives = [JobLife()]
        var known = Set(lives.map(kind))
        var transitions: Set<String> = []
        var position = 0
        while position < lives.count {
            let life = lives[position]
            position += 1
            for command in commands {
                guard let transition = try? life.decide(command, at: now) else { continue }
                var next = life
                next.apply(life.record(transition.event, at: now))
                transitions.insert("\(node(life.state)) --> \(node(next.state)): \(event(command))")
                if known.insert(kind(next)).inserted { lives.append(next) }
            }
        }
        return (lives, transitions)
    }

    // MARK: The page

    private static func page() throws -> String { try Checkout.text("docs/job-life.md") }

    /// The lines of the page's diagram, but for its first.
    private static func diagram() throws -> [String] {
        let blocks = try page().components(separatedBy: "```mermaid\n")
        let block = try #require(blocks.dropFirst().first?.components(separatedBy: "```").first)
        return block.split(separator: "\n").dropFirst().map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test func `the diagram has the transitions that the state machine allows, and no other`() throws {
        let lines = try Self.diagram()
        #expect(lines.filter { $0.wholeMatch(of: /\S+ --> \S+: \w+/) == nil } == [], "no transitions")
        let drawn = Set(lines)
        #expect(drawn.count == lines.count, "a transition is drawn twice")
        let allowed = Self.explore().transitions
        #expect(drawn.subtracting(allowed).sorted() == [], "drawn, and not allowed")
        #expect(allowed.subtracting(drawn).sorted() == [], "allowed, and not drawn")
    }

    @Test func `the table of states has all of them, each with the directory of its jobs`() throws {
        var table: [String: String] = [:]
        for line in try Self.page().split(separator: "\n") {
            guard let row = line.wholeMatch(of: /\| (\w+) \| `(\w+)\/[^|]*\| [^|]*\|/)?.output else { continue }
            table[String(row.1)] = String(row.2)
        }
        let lives = Self.explore().lives.filter { $0.state != .absent }
        #expect(Set(table.keys) == Set(lives.map(\.state.name)))
        for life in lives { #expect(table[life.state.name] == Self.directory(life.place), "\(life.state.name)") }
    }

    private static func directory(_ place: Place) -> String {
        switch place {
        case .processing: "processing"
        case .deferred: "deferred"
        case .held: "held"
        case .done: "done"
        case .failed: "failed"
        }
    }
}
