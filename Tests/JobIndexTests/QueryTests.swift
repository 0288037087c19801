import Documents
import GRDB
import Jobs
import OrderedCollections
import Testing

@testable import JobIndex

@Suite struct QueryTests {
    private let index: LiveIndex

    init() async throws { index = try await LiveIndex() }

    private static let base = Int64(1_850_000_000_000)

    private func job(
        _ number: Int,
        _ state: JobSummary.State,
        queue: String = "default",
        workflow: String = "prompt",
        labels: OrderedDictionary<String, String> = [:]
    ) -> JobSummary {
        var summary = JobSummary(job: Histories.id(number).text, name: "\(number).txt", queue: queue, state: state)
        summary.workflow = workflow
        summary.labels = labels
        summary.acceptedAt = Timestamp(milliseconds: Self.base + Int64(number) * 1_000)
        return summary
    }

    private func write(_ summaries: [JobSummary]) async throws {
        try await index.writer.write(summaries.map(IndexUpdate.rejected))
    }

    /// The numbers of the jobs that a filter shows, in order.
    private func list(_ filter: JobFilter) async throws -> [String] {
        try await index.database.list(filter).map { String($0.name.dropLast(4)) }
    }

    @Test func `a row comes back as it was written`() async throws {
        var full = job(1, .deferred, labels: ["b": "1", "a": "\"quoted\" ü"])
        full.outcome = "failed"
        full.reason = "temporary: no\tanswer"
        full.owner = "alice"
        full.startedAt = Timestamp(milliseconds: 1)
        full.finishedAt = Timestamp(milliseconds: 2)
        full.dueAt = Timestamp(milliseconds: 3)
        full.step = "each/1/extract"
        (full.attempts, full.tokens, full.costUSD, full.seq) = (4, 5, 0.125, 6)
        let bare = JobSummary(job: "no-id", name: "", queue: "", state: .rejected)
        try await write([full, bare])
        #expect(try await index.database.list(JobFilter()) == [full, bare])
    }

    @Test func `a list is filtered by each of its conditions, newest first`() async throws {
        try await write([
            job(1, .done, queue: "a", workflow: "x", labels: ["customer": "acme", "tier": "1"]),
            job(2, .held, queue: "a", workflow: "y", labels: ["customer": "acme"]),
            job(3, .waiting, queue: "b", workflow: "x", labels: ["customer": "umbrella"]),
            job(4, .running, queue: "b", workflow: "y"),
            job(5, .done, queue: "a", workflow: "y"),
        ])
        #expect(try await list(JobFilter()) == ["5", "4", "3", "2", "1"])
        #expect(try await list(JobFilter(limit: 2)) == ["5", "4"])
        #expect(try await list(JobFilter(states: [.done])) == ["5", "1"])
        #expect(try await list(JobFilter(states: [.waiting, .running, .held])) == ["4", "3", "2"])
        #expect(try await list(JobFilter(queue: "a")) == ["5", "2", "1"])
        #expect(try await list(JobFilter(workflow: "x")) == ["3", "1"])
        #expect(try await list(JobFilter(queue: "a", workflow: "y")) == ["5", "2"])
        #expect(try await list(JobFilter(states: [.done], queue: "a", workflow: "x")) == ["1"])
        #expect(try await list(JobFilter(since: Timestamp(milliseconds: Self.base + 4_000))) == ["5", "4"])
        let acme = JobFilter.Label(key: "customer", value: "acme")
        #expect(try await list(JobFilter(labels: [acme])) == ["2", "1"])
        #expect(try await list(JobFilter(labels: [acme, .init(key: "tier", value: "1")])) == ["1"])
        #expect(try await list(JobFilter(states: [.held], labels: [acme])) == ["2"])
        #expect(try await list(JobFilter(queue: "none")).isEmpty)
    }

    @Test func `both ways to find a label show the same`() async throws {
        try await write(
            (0..<200).map { number in
                job(
                    number,
                    number % 3 == 0 ? .held : .done,
                    queue: number % 2 == 0 ? "a" : "b",
                    labels: ["n": "\(number % 5)"]
                )
            }
        )
        for states: Set<JobSummary.State> in [[], [.held], [.done, .held]] {
            for queue in [nil, "a"] {
                let filter = JobFilter(
                    states: states,
                    queue: queue,
                    labels: [.init(key: "n", value: "3")],
                    since: Timestamp(milliseconds: Self.base + 20_000),
                    limit: 7
                )
                let ways = try await index.database.read { database in
                    try [0, 1_000_000].map { jobsInStates in
                        let query = ListQuery(filter, jobsInStates: jobsInStates)
                        return try JobSummary.fetchAll(database, sql: query.sql, arguments: query.arguments)
                    }
                }
                #expect(ways[0] == ways[1])
                #expect(!ways[0].isEmpty)
            }
        }
    }

    @Test func `a list is never sorted: an index gives its order`() async throws {
        let label = JobFilter.Label(key: "a", value: "b")
        for filter in [
            JobFilter(), JobFilter(states: [.held]), JobFilter(queue: "q"), JobFilter(workflow: "w"),
            JobFilter(states: [.done, .failed], queue: "q", workflow: "w", since: Timestamp(milliseconds: 0)),
            JobFilter(labels: [label]), JobFilter(queue: "q", labels: [label]),
        ] {
            for jobsInStates in [0, 1_000_000] {
                let query = ListQuery(filter, jobsInStates: jobsInStates)
                let plan = try await index.database.read { database in
                    try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + query.sql, arguments: query.arguments)
                        .map { $0["detail"] as String }
                }
                #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
            }
        }
    }

    @Test func `a job is found by its id, a part of it, its file's name or its directory's`() async throws {
        try await write([job(1, .done), job(2, .done), job(3, .done)])
        let id = Histories.id(2).text
        let database = try index.database
        func names(_ text: String) async throws -> [String] { try await database.jobs(matching: text).map(\.name) }
        #expect(try await names(id) == ["2.txt"])
        #expect(try await names(id.lowercased()) == ["2.txt"])
        #expect(try await names("2.txt") == ["2.txt"])
        #expect(try await names("\(id)-2.txt") == ["2.txt"])
        #expect(try await names(String(id.suffix(4)).lowercased()) == ["2.txt"])
        #expect(try await names(String(id.dropFirst(4).prefix(5))) == ["3.txt", "2.txt", "1.txt"])
        #expect(try await names(String(id.suffix(3))).isEmpty)
        #expect(try await names("%%%%").isEmpty)
        #expect(try await names("").isEmpty)
    }

    @Test func `an ambiguous part of an id names eleven jobs and no more`() async throws {
        try await write((0..<40).map { job($0, .done) })
        let part = String(Histories.id(1).text.prefix(6))
        #expect(try await index.database.jobs(matching: part).count == IndexDatabase.matchesMax)
    }

    @Test func `counts follow each change of state, with the oldest job's time`() async throws {
        try await write([job(1, .waiting), job(2, .waiting), job(3, .held, queue: "b")])
        var moved = job(1, .done)
        moved.seq = 5
        try await write([moved])
        let counts = try await index.database.counts()
        func time(_ number: Int64) -> Timestamp { Timestamp(milliseconds: Self.base + number * 1_000) }
        #expect(
            counts == [
                QueueCount(queue: "b", state: .held, count: 1, oldestAcceptedAt: time(3)),
                QueueCount(queue: "default", state: .done, count: 1, oldestAcceptedAt: time(1)),
                QueueCount(queue: "default", state: .waiting, count: 1, oldestAcceptedAt: time(2)),
            ]
        )
    }

    @Test func `steps and calls of a job are listed in their order`() async throws {
        let name = Histories.name(1)
        var usage = Usage()
        (usage.inputTokens, usage.cachedInputTokens, usage.outputTokens, usage.costUSD) = (10, 4, 6, 0.5)
        let acceptance = Acceptance(
            name: "a",
            file: "job",
            kind: .file,
            size: 1,
            sha256: "",
            ownerUID: 0,
            owner: "root",
            queue: "q",
            workflow: "w",
            definition: .null
        )
        let failure = Failure(.temporary, "no answer\nsecond line")
        let events: [JobEvent] = [
            .accepted(acceptance),
            .stepStarted(StepStart(step: "ask", kind: .model, attempt: 1)),
            .stepFailed(StepFailure(step: "ask", kind: .model, attempt: 1, failure: failure, model: "m")),
            .stepCompleted(StepCompletion(step: "ask", kind: .model, attempt: 2, model: "m", usage: usage)),
            .stepCompleted(StepCompletion(step: "mail", kind: .tool, durationMilliseconds: 8, tool: "send")),
            .stepCompleted(StepCompletion(step: "rest", kind: .tool, isSkipped: true)),
            .stepCompleted(StepCompletion(step: "loop", kind: .forEach)),
        ]
        let records = events.enumerated().map { offset, event in
            HistoryRecord(seq: offset + 1, epoch: 1, at: Timestamp(milliseconds: Int64(offset)), event: event)
        }
        let replay = JobReplay(name: name, records: records)
        try await index.writer.write([try #require(IndexUpdate.update(for: replay, records: records))])
        let database = try index.database
        let steps = try await database.steps(of: name.id.text)
        #expect(steps.map(\.path) == ["ask", "mail", "rest", "loop"])
        #expect(steps.map(\.status) == [.completed, .completed, .skipped, .completed])
        #expect(steps[0].attempts == 2)
        #expect(steps[1].durationMilliseconds == 8)
        let models = try await database.modelCalls(of: name.id.text)
        #expect(models.map(\.status) == [.failed, .completed])
        #expect(models.map(\.failureClass) == [.temporary, nil])
        #expect(models[1].inputTokens == 10 && models[1].cachedInputTokens == 4 && models[1].outputTokens == 6)
        #expect(models[1].costUSD == 0.5 && models[1].name == "m" && models[1].seq == 4)
        let tools = try await database.toolCalls(of: name.id.text)
        #expect(tools.map(\.name) == ["send"])
        #expect(try await database.steps(of: "none").isEmpty)
    }

    @Test func `a call has a row from its start, and its end replaces that row`() async throws {
        let name = Histories.name(1)
        func start(_ attempt: Int) -> JobEvent {
            .stepStarted(
                StepStart(step: "s", kind: .tool, attempt: attempt, effect: .write, tool: "send", summary: "to a")
            )
        }
        let failure = Failure(.temporary, "busy\nin detail")
        var records = Histories(seed: 1).acceptedRecords
        var replay = JobReplay(name: name, records: records)
        func append(_ event: JobEvent) async throws -> [IndexedCall] {
            let record = HistoryRecord(
                seq: records.count + 1,
                epoch: 1,
                at: Timestamp(milliseconds: Int64(records.count)),
                event: event
            )
            records.append(record)
            replay.apply(record)
            try await index.writer.write([try #require(IndexUpdate.update(for: replay, records: [record]))])
            return try await index.database.toolCalls(of: name.id.text)
        }
        let running = try await append(start(1))
        #expect(running.map(\.status) == [.running] && running[0].arguments == "to a" && running[0].effect == .write)
        let failed = try await append(
            .stepFailed(StepFailure(step: "s", kind: .tool, attempt: 1, failure: failure, tool: "send"))
        )
        #expect(failed.map(\.status) == [.failed])
        #expect(failed[0].arguments == "to a" && failed[0].effect == .write && failed[0].message == "busy")
        #expect(try await append(start(2)).map(\.status) == [.failed, .running])
        #expect(try await append(start(3)).map(\.status) == [.failed, .unknown, .running])
        #expect(try await append(.claimed(node: "n", cause: .recovery)).map(\.status) == [.failed, .unknown, .unknown])
        let done = StepCompletion(step: "s", kind: .tool, attempt: 4, tool: "send", summary: "sent")
        let ended = try await append(.stepCompleted(done))
        #expect(ended.map(\.status) == [.failed, .unknown, .unknown, .completed] && ended[3].output == "sent")
    }

    @Test func `a step's message is one line`() async throws {
        let failure = Failure(.permanent, "first line\nsecond line")
        var records = [HistoryRecord]()
        var histories = Histories(seed: 1)
        records.append(histories.history(length: 1)[0])
        let event = JobEvent.stepFailed(StepFailure(step: "a", kind: .tool, attempt: 1, failure: failure))
        records.append(HistoryRecord(seq: 2, epoch: 1, at: Timestamp(milliseconds: 9), event: event))
        let replay = JobReplay(name: Histories.name(1), records: records)
        try await index.writer.write([try #require(IndexUpdate.update(for: replay, records: records))])
        let steps = try await index.database.steps(of: replay.name.id.text)
        #expect(steps.map(\.message) == ["first line"])
        #expect(steps.map(\.failureClass) == [.permanent])
    }

    @Test func `held and overdue jobs are listed, the oldest first`() async throws {
        func deferred(_ number: Int, due: Int64) -> JobSummary {
            var summary = job(number, .deferred)
            summary.dueAt = Timestamp(milliseconds: due)
            return summary
        }
        try await write([
            job(1, .held), job(2, .done), job(3, .held), job(4, .held), deferred(5, due: 300), deferred(6, due: 100),
            deferred(7, due: 900),
        ])
        let stuck = try await index.database.stuck(dueBefore: Timestamp(milliseconds: 500), limit: 2)
        #expect(stuck.held.map(\.name) == ["1.txt", "3.txt"])
        #expect(stuck.overdue.map(\.name) == ["6.txt", "5.txt"])
    }

    @Test func `suspects are listed, whether they run or wait to, the oldest first`() async throws {
        func saying(_ number: Int, _ state: JobSummary.State, _ why: String) -> JobSummary {
            var summary = job(number, state)
            summary.why = why
            return summary
        }
        let suspicion = Suspicion(step: "a", deaths: 3)
        try await write([
            saying(1, .running, "the model rests"), saying(2, .running, suspicion.waits),
            saying(3, .waiting, suspicion.waits), saying(4, .running, suspicion.runs),
            saying(5, .waiting, Suspicion.othersWait), saying(6, .held, suspicion.runs),
        ])
        #expect(try await index.database.suspects(limit: 2).map(\.name) == ["2.txt", "3.txt"])
        #expect(try await index.database.suspects(limit: 9).map(\.name) == ["2.txt", "3.txt", "4.txt"])
    }

    @Test func `all jobs are listed in batches, each once`() async throws {
        let count = IndexedJobs.batchSize * 2 + 3
        try await write((0..<count).map { job($0, $0 % 2 == 0 ? .done : .failed) })
        var seen: [IndexedJob] = []
        for try await batch in try index.database.allJobs {
            #expect(batch.count <= IndexedJobs.batchSize)
            seen += batch
        }
        #expect(seen.map(\.job) == (0..<count).map { Histories.id($0).text })
        #expect(seen[1] == IndexedJob(job: Histories.id(1).text, state: .failed, seq: 0))
    }
}
