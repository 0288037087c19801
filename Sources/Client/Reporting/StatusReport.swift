import Daemon
package import Documents
import JobIndex
package import Jobs
package import Spool
import SystemPackage

/// The state of a spool: counts and ages by queue and state, the nodes, and what is stuck and why.
package struct StatusReport: Sendable {
    /// The jobs of one queue that are in one state.
    package struct Tally: Sendable, Equatable {
        package private(set) var count = 0
        /// When the oldest was accepted, or came into its inbox.
        package private(set) var oldest: Timestamp?

        fileprivate mutating func add(_ count: Int, _ oldest: Timestamp?) {
            self.count += count
            self.oldest = [self.oldest, oldest].compactMap(\.self).min()
        }
    }

    /// The most rows of each kind that are reported.
    static let stuckMax = 10
    /// A deferred job is overdue when it was due this long ago and no daemon took it.
    private static let overdueAfter: Duration = .seconds(60)
    /// The states of jobs that have not ended.
    package static let openStates: [JobSummary.State] = [.waiting, .running, .deferred, .held]

    package let spool: String
    package let at: Timestamp
    package let inboxes: InboxReport
    package internal(set) var queues: [String: [JobSummary.State: Tally]] = [:]
    package internal(set) var nodes: [(node: String, isAlive: Bool, holder: NodeLock.Holder?)] = []
    /// Held jobs, and deferred ones that no daemon took when they were due.
    package internal(set) var stuck: [JobSummary] = []
    /// Running jobs that wait for something, without those above.
    package internal(set) var waits: [JobSummary] = []
    /// Jobs with steps that run alone, because the daemon died again and again while they ran.
    package internal(set) var suspects: [JobSummary] = []
    /// Batches that are done and have failed lines, the newest first.
    package internal(set) var failedLines: [JobSummary] = []
    /// Jobs whose delivery or hooks failed, or wait; the newest first.
    package internal(set) var undelivered: [JobSummary] = []
    /// Sentences about what does not fit above, without their full stops.
    package internal(set) var notes: [String] = []

    /// What the API answered, when this was read from it.
    var answer: JSON?

    /// A report without anything in it.
    init(spool: String, at time: Timestamp) {
        (self.spool, at, inboxes) = (spool, time, InboxReport())
    }

    mutating func add(_ count: Int, _ oldest: Timestamp?, _ queue: String, _ state: JobSummary.State) {
        queues[queue, default: [:]][state, default: Tally()].add(count, oldest)
    }

    /// Looks at the spool, or asks the API where this user may not; an index that cannot be used becomes a note.
    ///
    /// - Throws: `SpoolError`; ``ClientError`` of the API.
    package init(of client: SpoolClient) async throws {
        if let remote = try client.remote() {
            self = Self(json: try await remote.status(), at: client.wallClock.now)
            return
        }
        (spool, at) = (client.spool.path, client.wallClock.now)
        var hiddenNodes: SpoolError?
        do throws(SpoolError) {
            nodes = try NodeLock.nodes(of: client.spool)
        } catch {
            if error.cause != .permissionDenied { throw error }
            hiddenNodes = error
        }
        inboxes = try InboxReport(client, now: at)
        for inbox in inboxes.inboxes {
            queues[inbox.queue, default: [:]][.waiting, default: Tally()]
                .add(inbox.survey.count, inbox.survey.drops.map(\.changedAt).min())
        }
        notes = inboxes.notes
        try await readIndex(client)
        noteUnconfiguredQueues()
        for node in nodes where node.isAlive { noteRefusal(of: node.node, client.spool) }
        if let hiddenNodes {
            notes.append("\(hiddenNodes)")
        } else if nodes.allSatisfy({ !$0.isAlive }) {
            notes.append("no daemon is running on this spool; start one with: agentspool run")
        }
        if !suspects.isEmpty {
            notes.append(
                "the queues are slow because the daemon died again and again while suspected steps ran: they run one at "
                    + "a time, alone, and every other job \(Suspicion.othersWait)"
            )
        }
    }

    private mutating func readIndex(_ client: SpoolClient) async throws {
        do {
            let index = try client.openIndex()
            defer { index.close() }
            for row in try await index.counts() {
                queues[row.queue, default: [:]][row.state, default: Tally()].add(row.count, row.oldestAcceptedAt)
            }
            let overdue = Timestamp(milliseconds: at.milliseconds - Self.overdueAfter.wholeMilliseconds)
            let (held, late) = try await index.stuck(dueBefore: overdue, limit: Self.stuckMax)
            stuck = held + late
            suspects = try await index.suspects(limit: Self.stuckMax)
            let shown = Set((stuck + suspects).map(\.job))
            waits = try await index.waits(limit: Self.stuckMax).filter { !shown.contains($0.job) }
            undelivered = try await index.undelivered(limit: Self.stuckMax)
            failedLines = try await index.doneWithReason(limit: Self.stuckMax)
        } catch let error as IndexError {
            notes.append("\(error)")
        }
    }

    /// Notes about queues that are gone from the configuration and have jobs left.
    private mutating func noteUnconfiguredQueues() {
        guard let configured = inboxes.configured else { return }
        notes += queues.sorted { $0.key < $1.key }.compactMap { queue, tallies in
            let count = Self.openStates.reduce(0) { $0 + (tallies[$1]?.count ?? 0) }
            guard !configured.contains(queue), count > 0 else { return nil }
            let jobs = count == 1 ? "1 job that was accepted goes" : "\(count) jobs that were accepted go"
            return "the queue \(queue) is not configured: it takes no drops, and \(jobs) on to the end"
        }
    }

    /// A note when a node's last reload was refused; none once one succeeds or the daemon starts anew.
    private mutating func noteRefusal(of node: String, _ spool: SpoolRoot) {
        // A user without read permission gets no note.
        guard let json = try? ReloadAnswers.last(of: node, in: spool), let answer = ReloadAnswer(json),
            case .failure(let refusal) = answer.result
        else { return }
        notes.append(
            "the node \(node) keeps an earlier configuration; at \(answer.at.text) the new one was refused: "
                + refusal.message
        )
    }
}
