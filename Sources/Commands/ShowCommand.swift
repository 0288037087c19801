import ArgumentParser
import Client
import Documents
import Jobs
import OrderedCollections
import Spool

struct ShowCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job: what it does now, its steps and calls, what failed and what to do."
    )

    @OptionGroup var options: SpoolOptions

    @Argument(help: "An id, a unique part of one, or the dropped file's name.")
    var job: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform() async throws {
        let client = try options.client()
        let details: JobDetails
        do {
            details = try await JobDetails(of: job, client)
        } catch let failure as ClientError {
            guard let drop = try RejectedDrop(of: job, client), failure.kind == .data else { throw failure }
            return try show(drop, in: client.spool)
        }
        if json { return Terminal.print(details.json) }
        print(try details.requireSummary(), details.report, details.path)
    }

    /// Shows a drop that became no job; exits with 65 when it was refused.
    private func show(_ drop: RejectedDrop, in spool: SpoolRoot) throws {
        let note = drop.note
        if json {
            Terminal.print(drop.json)
        } else {
            let row = note.summary
            print([
                ("Drop", row.job), ("Name", row.name), ("State", row.shownState), ("Why", note.reason),
                ("Same as", note.duplicateOf?.text), ("Queue", row.queue), ("Owner", row.owner),
                ("Rejected", note.at.text), ("Lies in", drop.path),
                (
                    "To do",
                    note.duplicateOf.map { "see agentspool show \($0)" }
                        ?? "mend it and move it back into \(spool.path)/inbox/\(note.queue)/"
                ),
            ])
        }
        if note.duplicateOf == nil { throw ExitCode.data }
    }

    private func print(_ row: JobSummary, _ report: JobReport, _ path: String) {
        let now = WallClock.system.now
        let labels = row.labels.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let epoch = report.replay.life.epoch
        let why = report.stepWaitsFor ?? row.why ?? row.reason
        let note: String? = row.isTruncated ? JobSummary.truncation : nil
        let accepted = row.acceptedAt.map { "\($0.text) (\((now - $0).roundedText) ago)" }
        let claimed: String? = epoch > 1 ? "\(epoch) times" : nil
        let head: [(String, String?)] = [
            ("Job", row.job), ("Name", row.name), ("State", row.shownState), ("Why", why), ("Note", note),
            ("Queue", row.queue), ("Workflow", row.workflow), ("Owner", row.owner), ("Labels", labels),
            ("Accepted", accepted), ("Started", row.startedAt?.text), ("Finished", row.finishedAt?.text),
            ("Due", row.dueAt?.text),
            ("Delivery", [row.delivery?.rawValue, row.deliveryReason].compactMap(\.self).joined(separator: ": ")),
            ("Batch", BatchProgress(report.replay)?.text), ("Claimed", claimed),
            ("Lies in", path),
        ]
        let lines = head + report.facts.map { fact -> (String, String?) in (fact.label, fact.text) }
        print(lines)
        print("Now", report.now(at: now))
        print("Failed", report.failureLines)
        for table in [report.stepTable, report.callTable] where !table.isEmpty { Terminal.print("\n\(table.text)") }
        if let text = ResultDocument(report.replay).errorText {
            Terminal.print("\n" + Terminal.harmless(text.trimmingSuffix(), keepsLines: true))
        }
    }

    private func print(_ lines: [(label: String, text: String?)]) {
        for (label, text) in lines {
            guard let text, !text.isEmpty else { continue }
            let padded = label + String(repeating: " ", count: 10 - label.count)
            Terminal.print("\(Terminal.styled(padded, .dim))\(Terminal.harmless(text))")
        }
    }

    private func print(_ heading: String, _ lines: [String]) {
        if lines.isEmpty { return }
        Terminal.print("\n\(Terminal.styled(heading, .dim))")
        for line in lines { Terminal.print("  \(Terminal.harmless(line))") }
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
