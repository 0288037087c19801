import ArgumentParser
import Documents
import JobIndex
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
        let spool = try options.open()
        let finder = JobFinder(spool: spool, options)
        let (location, history, replay): (JobLocation, HistoryContents, JobReplay)
        do {
            (location, history, replay) = try await finder.read(job)
        } catch let failure as CommandLineError {
            guard let note = try finder.findRejected(job), failure.code == .data else { throw failure }
            return try show(note, in: spool)
        }
        var report = try JobReport(replay, history.records, at: location, in: spool)
        if report.isInHand { report.stepWaitsFor = await stepWaitsFor(replay) }
        let path = "\(spool.path)/\(location.path)"
        if json {
            var members = JobSummary(replay)?.json.object ?? ["job": .string(location.job.id.text)]
            if let why = report.stepWaitsFor { members["why"] = .string(why) }
            members["path"] = .string(path)
            members["request_counts"] = BatchProgress(replay)?.json
            return Terminal.print(.object(members.merging(report.json) { _, new in new }))
        }
        guard let row = JobSummary(replay) else {
            throw CommandLineError("\(location.path) has no history that can be read; see agentspool verify", .data)
        }
        print(row, report, path)
    }

    /// What a step of a running job waits for now; its daemon writes that only into the index.
    private func stepWaitsFor(_ replay: JobReplay) async -> String? {
        // When the index is missing or behind, the reason is not known.
        guard [.running, .waiting].contains(replay.life.state), let index = try? options.openIndex() else { return nil }
        defer { index.close() }
        guard let row = try? await index.jobs(matching: replay.name.id.text).first else { return nil }
        return row.seq == replay.life.seq && row.why != JobSummary.awaitsWorker ? row.why : nil
    }

    /// Shows a drop that became no job; exits with 65 when it was refused.
    private func show(_ note: RejectionNote, in spool: SpoolRoot) throws {
        let row = note.summary
        let path = "\(spool.path)/\(spool.path(of: note))"
        if json {
            var members = row.json.object ?? [:]
            members["reason"] = .string(note.reason)
            members["path"] = .string(path)
            members["duplicate_of"] = JSON(note.duplicateOf?.text)
            Terminal.print(.object(members))
        } else {
            print([
                ("Drop", row.job), ("Name", row.name), ("State", row.shownState), ("Why", note.reason),
                ("Same as", note.duplicateOf?.text), ("Queue", row.queue), ("Owner", row.owner),
                ("Rejected", note.at.text), ("Lies in", path),
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
            ("Due", row.dueAt?.text), ("Batch", BatchProgress(report.replay)?.text), ("Claimed", claimed),
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
