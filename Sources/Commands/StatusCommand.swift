import ArgumentParser
import Daemon
import Documents
import JobIndex
import Jobs
import OrderedCollections
import Spool
import SystemPackage

struct StatusCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show counts and ages by queue and state, the nodes, and what is stuck and why."
    )

    @OptionGroup var options: SpoolOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    /// The most rows of each kind that are shown.
    private static let stuckMax = 10
    /// A deferred job is overdue when it was due this long ago and no daemon took it.
    private static let overdueAfter: Duration = .seconds(60)

    private struct Cell {
        var count = 0
        var oldest: Timestamp?

        mutating func add(_ count: Int, _ oldest: Timestamp?) {
            self.count += count
            self.oldest = [self.oldest, oldest].compactMap(\.self).min()
        }
    }

    private struct Report {
        var queues: [String: [JobSummary.State: Cell]] = [:]
        var nodes: [(node: String, isAlive: Bool, holder: NodeLock.Holder?)] = []
        var stuck: [JobSummary] = []
        var waits: [JobSummary] = []
        /// Jobs with steps that run alone, because the daemon died again and again while they ran.
        var suspects: [JobSummary] = []
        var notes: [String] = []
        /// Batches that are done and have failed lines, the newest first.
        var failedLines: [JobSummary] = []
    }

    func perform() async throws {
        let spool = try options.open()
        let now = WallClock.system.now
        var report = Report()
        var hiddenNodes: SpoolError?
        do throws(SpoolError) {
            report.nodes = try NodeLock.nodes(of: spool)
        } catch {
            if error.cause != .permissionDenied { throw error }
            hiddenNodes = error
        }
        let inboxes = try InboxReport(spool, configuration: options.configurationPath, now: now)
        for inbox in inboxes.inboxes {
            report.queues[inbox.queue, default: [:]][.waiting, default: Cell()]
                .add(inbox.survey.count, inbox.survey.drops.map(\.changedAt).min())
        }
        report.notes = inboxes.notes
        do {
            let index = try options.openIndex()
            defer { index.close() }
            for row in try await index.counts() {
                report.queues[row.queue, default: [:]][row.state, default: Cell()].add(row.count, row.oldestAcceptedAt)
            }
            let overdue = Timestamp(milliseconds: now.milliseconds - Self.overdueAfter.wholeMilliseconds)
            let (held, late) = try await index.stuck(dueBefore: overdue, limit: Self.stuckMax)
            report.stuck = held + late
            report.suspects = try await index.suspects(limit: Self.stuckMax)
            let shown = Set((report.stuck + report.suspects).map(\.job))
            report.waits = try await index.waits(limit: Self.stuckMax).filter { !shown.contains($0.job) }
            report.failedLines = try await index.doneWithReason(limit: Self.stuckMax)
        } catch let error as IndexError {
            report.notes.append("\(error)")
        }
        report.notes += Self.unconfigured(report, inboxes.configured)
        for node in report.nodes where node.isAlive { report.notes += Self.refused(node.node, spool) }
        if let hiddenNodes {
            report.notes.append("\(hiddenNodes)")
        } else if report.nodes.allSatisfy({ !$0.isAlive }) {
            report.notes.append("no daemon is running on this spool; start one with: agentspool run")
        }
        if !report.suspects.isEmpty {
            report.notes.append(
                "the queues are slow because the daemon died again and again while suspected steps ran: they run one at "
                    + "a time, alone, and every other job \(Suspicion.othersWait)"
            )
        }
        if json { return Terminal.print(Self.json(report, inboxes, spool)) }
        print(report, inboxes, now)
    }

    private static let openStates: [JobSummary.State] = [.waiting, .running, .deferred, .held]

    /// Notes about queues that are gone from the configuration and have jobs left.
    private static func unconfigured(_ report: Report, _ configured: Set<String>?) -> [String] {
        guard let configured else { return [] }
        return report.queues.sorted { $0.key < $1.key }.compactMap { queue, cells in
            let count = openStates.reduce(0) { $0 + (cells[$1]?.count ?? 0) }
            guard !configured.contains(queue), count > 0 else { return nil }
            let jobs = count == 1 ? "1 job that was accepted goes" : "\(count) jobs that were accepted go"
            return "the queue \(queue) is not configured: it takes no drops, and \(jobs) on to the end"
        }
    }

    /// A note when a node's last reload was refused; none once one succeeds or the daemon starts anew.
    private static func refused(_ node: String, _ spool: SpoolRoot) -> [String] {
        // A user without read permission gets no note.
        guard let json = try? ReloadAnswers.last(of: node, in: spool), let answer = ReloadAnswer(json),
            case .failure(let refusal) = answer.result
        else { return [] }
        return [
            "the node \(node) keeps an earlier configuration; at \(answer.at.text) the new one was refused: "
                + refusal.message
        ]
    }

    private func print(_ report: Report, _ inboxes: InboxReport, _ now: Timestamp) {
        // Most spools have no duplicates.
        let states = JobSummary.State.allCases.filter { state in
            state != .duplicate || report.queues.values.contains { ($0[state]?.count ?? 0) > 0 }
        }
        var table = Table(
            ["QUEUE"] + states.map { $0.rawValue.uppercased() } + ["OLDEST"],
            numbers: Set(1...states.count + 1)
        )
        for (queue, cells) in report.queues.sorted(by: { $0.key < $1.key }) {
            let oldest = Self.openStates.compactMap { cells[$0].flatMap { $0.count > 0 ? $0.oldest : nil } }.min()
            table.add(
                [Table.Cell(queue, .bold)]
                    + states.map { state in
                        let count = cells[state]?.count ?? 0
                        return Table.Cell(String(count), count > 0 ? state.style : .dim)
                    } + [Table.Cell(oldest.map { (now - $0).roundedText } ?? "-")]
            )
        }
        Terminal.print(table.text)
        var nodes = Table(["NODE", "STATE", "PID", "HOST", "UP"], numbers: [2])
        for (node, isAlive, holder) in report.nodes {
            nodes.add([
                Table.Cell(node, .bold), Table.Cell(isAlive ? "running" : "stopped", isAlive ? .green : .dim),
                Table.Cell(isAlive ? holder.map { String($0.pid) } : ""), Table.Cell(holder?.host),
                Table.Cell(isAlive ? holder?.startedAt.map { (now - $0).roundedText } : ""),
            ])
        }
        if !nodes.isEmpty { Terminal.print("\n\(nodes.text)") }
        print("STUCK", report.stuck)
        print("SUSPECTED", report.suspects)
        print("WAITS", report.waits)
        if !report.failedLines.isEmpty {
            var table = Table(["NOT ALL DONE", "QUEUE", "NAME", "WHY"])
            for row in report.failedLines {
                table.add([
                    Table.Cell(row.job), Table.Cell(row.queue), Table.Cell(row.name), Table.Cell(row.reason),
                ])
            }
            Terminal.print("\n\(table.text)")
        }
        let lines = inboxes.lines(now: now)
        if !lines.isEmpty { Terminal.print("\n\(lines.map { Terminal.harmless($0) }.joined(separator: "\n"))") }
        for note in report.notes { Terminal.print("\nNote: \(Terminal.harmless(note))") }
    }

    private func print(_ heading: String, _ rows: [JobSummary]) {
        if rows.isEmpty { return }
        var table = Table([heading, "STATE", "STEP", "WHY"])
        for row in rows {
            table.add([
                Table.Cell(row.job), Table.Cell(row.state.rawValue, row.state.style), Table.Cell(row.step),
                Table.Cell(row.why ?? row.reason),
            ])
        }
        Terminal.print("\n\(table.text)")
    }

    private static func json(_ report: Report, _ inboxes: InboxReport, _ spool: SpoolRoot) -> JSON {
        [
            "spool": .string(spool.path),
            "queues": .array(
                report.queues.sorted { $0.key < $1.key }.map { queue, cells in
                    JSON(
                        members: [
                            ("queue", .string(queue)),
                            ("configured", inboxes.configured.map { .bool($0.contains(queue)) } ?? .null),
                        ]
                            + JobSummary.State.allCases.map { state in
                                let cell = cells[state] ?? Cell()
                                return (
                                    state.rawValue,
                                    ["count": .int(Int64(cell.count)), "oldest_at": JSON(cell.oldest?.text)]
                                )
                            }
                    )
                }
            ),
            "nodes": .array(
                report.nodes.map { node, isAlive, holder in
                    [
                        "node": .string(node), "alive": .bool(isAlive),
                        "pid": holder.map { .int(Int64($0.pid)) } ?? .null, "host": JSON(holder?.host),
                        "started_at": JSON(holder?.startedAt?.text),
                    ]
                }
            ),
            "stuck": .array(report.stuck.map(\.json)),
            "suspects": .array(report.suspects.map(\.json)),
            "waits": .array(report.waits.map(\.json)),
            "inboxes": inboxes.json,
            "unqueued": inboxes.straysJSON,
            "failed_lines": .array(report.failedLines.map(\.json)),
            "notes": .array(report.notes.map(JSON.string)),
        ]
    }
}
