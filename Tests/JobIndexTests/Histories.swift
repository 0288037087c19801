import Documents
import Jobs
import OrderedCollections

/// Random histories that the state machine allows.
struct Histories {
    private var random: Xorshift

    init(seed: UInt64) { random = Xorshift(seed: seed) }

    static func id(_ number: Int) -> JobID {
        JobID(time: Timestamp(milliseconds: 1_800_000_000_000 + Int64(number)), high: 7, low: UInt64(number) &* 977)
    }

    static func name(_ number: Int) -> JobName {
        JobName(id: id(number), dropName: Array("ticket-\(number).json".utf8))
    }

    /// The history of a job: `length` records, or fewer when it completed.
    mutating func history(length: Int) -> [HistoryRecord] {
        var life = JobLife()
        var ledger = StepLedger()
        var records: [HistoryRecord] = []
        var now = Timestamp(milliseconds: 1_850_000_000_000 + Int64.random(in: 0..<1_000_000, using: &random))
        func append(_ event: JobEvent) {
            let record = life.record(event, at: now)
            life.apply(record)
            ledger.apply(record)
            records.append(record)
        }
        append(.accepted(acceptance()))
        while records.count < length {
            // No record may follow.
            if case .ended(.completed, _) = life.state { break }
            now = now + .milliseconds(Int.random(in: 0..<5_000, using: &random))
            let command = command(ledger)
            if let transition = try? life.decide(command, at: now) { append(transition.event) }
        }
        return records
    }

    /// A history that has just begun.
    var acceptedRecords: [HistoryRecord] {
        var copy = self
        return copy.history(length: 1)
    }

    private mutating func acceptance() -> Acceptance {
        let queue = pick(["default", "tickets", "reports"])
        var acceptance = Acceptance(
            name: "ticket.json",
            file: "job.json",
            kind: .document,
            size: 12,
            sha256: "00",
            ownerUID: 1000,
            owner: "alice",
            queue: queue,
            workflow: pick(["triage", "prompt"]),
            definition: ["secret": "definition"]
        )
        if Bool.random(using: &random) { acceptance.labels = ["customer": pick(["acme", "umbrella"]), "é": "ü\"{}"] }
        return acceptance
    }

    private mutating func command(_ ledger: StepLedger) -> JobCommand {
        let decision = Decision(uid: 0, user: "root", reason: pick([nil, "because"]))
        let failure = Failure(pick(FailureClass.allCases), "it broke\nin detail")
        return switch Int.random(in: 0..<20, using: &random) {
        case 0: .claim(node: "a", pick([.due, .recovery]))
        case 1: .deferUntil(Timestamp(milliseconds: 1_860_000_000_000), reason: "rate limit")
        case 2: .hold(Hold(reason: pick(Hold.Reason.allCases), step: pick([nil, "b"]), message: "look at it"))
        case 3: Int.random(in: 0..<4, using: &random) == 0 ? .complete(output: "secret output") : .cancel(decision)
        case 4: .fail(step: pick([nil, "a"]), failure)
        case 5: .cancel(decision)
        case 6, 7, 8: .retry(decision)
        case 9, 10, 11: .release(Release(decision))
        default: .step(step(ledger, failure))
        }
    }

    /// Begins a step, or ends one that was begun; a finished step stays finished.
    private mutating func step(_ ledger: StepLedger, _ failure: Failure) -> JobEvent {
        let (path, kind) = pick([
            ("a", StepKind.model), ("b", .tool), ("c/0/model", .model), ("c", .agent), ("batch/7", .line),
            ("each", .forEach),
        ])
        let entry = ledger[path]
        if let status = entry?.status, status == .completed || status == .skipped {
            return .stepStarted(StepStart(step: "late/\(ledger.entries.count)", kind: .tool, attempt: 1))
        }
        let attempt = entry?.pending?.attempt ?? (entry?.attempts ?? 0) + 1
        var usage = Usage()
        usage.inputTokens = Int.random(in: 0..<900, using: &random)
        usage.outputTokens = Int.random(in: 0..<900, using: &random)
        usage.costUSD = Double.random(in: 0..<0.1, using: &random)
        let model: String? = kind == .model || kind == .line ? "small" : nil
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1:
            return .stepStarted(
                StepStart(
                    step: path,
                    kind: kind,
                    attempt: attempt,
                    model: model,
                    arguments: "secret arguments",
                    summary: "arguments of \(attempt)"
                )
            )
        case 2:
            return .stepFailed(
                StepFailure(step: path, kind: kind, attempt: attempt, failure: failure, model: model, usage: usage)
            )
        default:
            return .stepCompleted(
                StepCompletion(
                    step: path,
                    kind: kind,
                    attempt: attempt,
                    output: "secret output",
                    isSkipped: Int.random(in: 0..<5, using: &random) == 0,
                    durationMilliseconds: Int.random(in: 0..<900, using: &random),
                    tool: kind == .tool ? "find_order" : nil,
                    model: model,
                    usage: usage,
                    summary: "what it gave"
                )
            )
        }
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &random)]
    }
}

/// George Marsaglia's xorshift64: a seed gives the same histories everywhere.
struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
