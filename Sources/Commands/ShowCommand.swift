import ArgumentParser
import Jobs
import OrderedCollections
import Spool

struct ShowCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job: its state, its steps, what failed and what to do."
    )

    @OptionGroup var options: SpoolOptions

    @Argument(help: "An id, a unique part of one, or the dropped file's name.")
    var job: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform() async throws {
        let spool = try options.open()
        let (location, history, replay) = try JobFinder(spool: spool).read(job)
        let result = ResultDocument(replay)
        if json {
            var members = JobSummary(replay)?.json.object ?? ["job": .string(location.job.id.text)]
            members["path"] = .string("\(spool.path)/\(location.path)")
            members["result"] = result.json
            return Terminal.print(.object(members))
        }
        guard let row = JobSummary(replay) else {
            throw CommandFailure("\(location.path) has no history that can be read; see agentspool verify", .data)
        }
        print(row, replay, location, history, spool)
        if let text = result.errorText { Terminal.print("\n" + text.trimmingSuffix()) }
    }

    private func print(
        _ row: JobSummary,
        _ replay: JobReplay,
        _ location: JobLocation,
        _ history: HistoryContents,
        _ spool: SpoolRoot
    ) {
        let now = WallClock.system.now
        let labels = row.labels.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let cost = row.costUSD > 0 ? ", $\(row.costUSD)" : ""
        let usage = replay.usage
        let lines: [(String, String?)] = [
            ("Job", row.job), ("Name", row.name), ("State", row.shownState), ("Why", row.reason),
            ("Queue", row.queue), ("Workflow", row.workflow), ("Owner", row.owner),
            ("Labels", labels.isEmpty ? nil : labels),
            ("Accepted", row.acceptedAt.map { "\($0.text) (\((now - $0).roundedText) ago)" }),
            ("Started", row.startedAt?.text), ("Finished", row.finishedAt?.text), ("Due", row.dueAt?.text),
            (
                "Used",
                "\(usage.modelCalls) model calls, \(usage.toolCalls) tool calls, \(usage.tokens) tokens\(cost)"
            ),
            ("Claimed", replay.life.epoch > 1 ? "\(replay.life.epoch) times" : nil),
            ("Lies in", "\(spool.path)/\(location.path)"),
        ]
        for (label, text) in lines {
            guard let text, !text.isEmpty else { continue }
            let padded = label + String(repeating: " ", count: 10 - label.count)
            Terminal.print("\(Terminal.styled(padded, .dim))\(Terminal.harmless(text))")
        }
        var steps = Table(["STEP", "KIND", "STATUS", "ATTEMPTS", "TIME", "WITH", "WHY"], numbers: [3, 4])
        for (path, entry) in replay.steps.entries {
            let style: Terminal.Style? =
                switch entry.status {
                case .completed: .green
                case .failed: .red
                case .running: .bold
                case .skipped: .dim
                }
            steps.add([
                Table.Cell(path), Table.Cell(entry.kind.rawValue), Table.Cell(entry.status.rawValue, style),
                Table.Cell(String(entry.attempts)),
                Table.Cell(Duration.milliseconds(entry.durationMilliseconds).roundedText),
                Table.Cell(entry.tool ?? entry.model), Table.Cell(entry.failure.map { JobSummary.short($0.message) }),
            ])
        }
        if !steps.isEmpty { Terminal.print("\n\(steps.text)") }
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
