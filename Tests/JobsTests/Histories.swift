import Documents
import Jobs
import OrderedCollections

/// A job's history for tests, event by event, a second apart.
struct Story {
    static let name = JobName(
        id: JobID(time: Timestamp(milliseconds: 1_795_485_600_000), high: 0, low: 1),
        dropName: Array("ticket.json".utf8)
    )

    private(set) var replay = JobReplay(name: name)
    private(set) var records: [HistoryRecord] = []

    init(_ events: JobEvent...) { for event in events { add(event) } }

    mutating func add(_ event: JobEvent) {
        let record = replay.life.record(event, at: Self.time(records.count))
        records.append(record)
        replay.apply(record)
    }

    static func time(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: 1_795_485_600_000) + .seconds(seconds) }

    static var acceptance: Acceptance {
        var acceptance = Acceptance(
            name: "ticket.json",
            file: "job.json",
            kind: .document,
            size: 20,
            sha256: "00",
            ownerUID: 1_000,
            owner: "alice",
            queue: "tickets",
            workflow: "triage",
            definition: [:]
        )
        acceptance.labels = ["customer": "acme"]
        return acceptance
    }

    static func usage(_ tokens: Int) -> Usage {
        var usage = Usage()
        (usage.modelCalls, usage.inputTokens, usage.outputTokens, usage.costUSD) = (1, tokens, 1, 0.25)
        return usage
    }

    static func start(_ step: String, _ attempt: Int = 1, kind: StepKind = .model, effect: Effect? = nil) -> JobEvent {
        .stepStarted(StepStart(step: step, kind: kind, attempt: attempt, effect: effect))
    }

    static func done(_ step: String, _ attempt: Int = 1, output: JSON = "ok", usage: Usage? = nil) -> JobEvent {
        .stepCompleted(
            StepCompletion(
                step: step,
                kind: .model,
                attempt: attempt,
                output: output,
                durationMilliseconds: 7,
                model: "m",
                usage: usage
            )
        )
    }

    static func failed(_ step: String, _ attempt: Int, _ failure: Failure, retryAt: Timestamp? = nil) -> JobEvent {
        .stepFailed(
            StepFailure(
                step: step,
                kind: .model,
                attempt: attempt,
                failure: failure,
                retryAt: retryAt,
                usage: usage(10)
            )
        )
    }

    static let alice = Decision(uid: 1_000, user: "alice", reason: "mended")
}
