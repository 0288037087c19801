import ArgumentParser
import Client
import Documents
import Jobs
import Spool

struct StatusCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show counts and ages by queue and state, the nodes, and what is stuck and why."
    )

    @OptionGroup var options: SpoolOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform() async throws {
        let report = try await StatusReport(of: options.client())
        json ? Terminal.print(report.json) : print(report)
    }

    private func print(_ report: StatusReport) {
        let now = report.at
        // Most spools have no duplicates.
        let states = JobSummary.State.allCases.filter { state in
            state != .duplicate || report.queues.values.contains { ($0[state]?.count ?? 0) > 0 }
        }
        var table = Table(
            ["QUEUE"] + states.map { $0.rawValue.uppercased() } + ["OLDEST"],
            numbers: Set(1...states.count + 1)
        )
        for (queue, cells) in report.queues.sorted(by: { $0.key < $1.key }) {
            let oldest = StatusReport.openStates.compactMap { cells[$0].flatMap { $0.count > 0 ? $0.oldest : nil } }
                .min()
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
        if !report.undelivered.isEmpty {
            var table = Table(["UNDELIVERED", "STATE", "QUEUE", "NAME", "WHY"])
            for row in report.undelivered {
                table.add([
                    Table.Cell(row.job), Table.Cell(row.delivery?.rawValue, row.delivery == .failed ? .red : nil),
                    Table.Cell(row.queue), Table.Cell(row.name), Table.Cell(row.deliveryReason),
                ])
            }
            Terminal.print("\n\(table.text)")
        }
        let lines = report.inboxes.lines(now: now)
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
}
