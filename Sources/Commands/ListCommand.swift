import ArgumentParser
import Documents
import JobIndex
import Jobs
import OrderedCollections
import Spool

/// Which jobs a command means, when it does not name them.
struct JobFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only jobs in this state.", valueName: "state"))
    var state: JobSummary.State?

    @Option(help: ArgumentHelp("Only jobs of this queue.", valueName: "queue"))
    var queue: String?

    @Option(help: ArgumentHelp("Only jobs accepted since: a duration such as 2h, or a time.", valueName: "time"))
    var since: String?

    var isEmpty: Bool { state == nil && queue == nil && since == nil }

    func filter(now: Timestamp) throws -> ListFilter {
        var start: Timestamp?
        if let since {
            start =
                Duration(text: since).map { Timestamp(milliseconds: now.milliseconds - $0.wholeMilliseconds) }
                ?? Timestamp(text: since)
            if start == nil {
                throw ValidationError("--since takes a duration such as 2h, or a time such as 2026-11-24T02:00:00Z.")
            }
        }
        return ListFilter(states: state.map { [$0] } ?? [], queue: queue, since: start)
    }
}

extension JobSummary.State: ExpressibleByArgument {}

struct ListCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List jobs, newest first."
    )

    @OptionGroup var options: SpoolOptions
    @OptionGroup var filterOptions: JobFilterOptions

    @Option(help: ArgumentHelp("Only jobs of this workflow.", valueName: "workflow"))
    var workflow: String?

    @Option(name: .customLong("label"), help: ArgumentHelp("Only jobs with this label.", valueName: "k=v"))
    var labels: [String] = []

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 50

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes a number from 1 on.") }
        if let label = labels.first(where: { !$0.contains("=") }) {
            throw ValidationError("--label takes key=value, not \(label).")
        }
    }

    func perform() async throws {
        let spool = try options.open()
        var filter = try filterOptions.filter(now: WallClock.system.now)
        filter.workflow = workflow
        filter.limit = limit
        filter.labels = labels.map { label in
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return ListFilter.Label(key: String(parts[0]), value: String(parts[1]))
        }
        var rows = try await inboxRows(spool, filter)
        // Without an index the drops in the inboxes are still shown; the error comes after them.
        var missing: IndexError?
        if rows.count < limit {
            filter.limit = limit - rows.count
            do {
                let index = try options.openIndex()
                defer { index.close() }
                rows += try await index.list(filter).map(JobRow.init)
            } catch let error as IndexError {
                missing = error
            }
        }
        if json {
            for row in rows { Terminal.print(row.json) }
        } else if missing == nil || !rows.isEmpty {
            print(rows)
        }
        if let missing { throw missing }
    }

    /// The rows of drops that no daemon has taken yet: they are in the inboxes, and not in the index.
    private func inboxRows(_ spool: SpoolRoot, _ filter: ListFilter) async throws -> [JobRow] {
        guard filter.states.isEmpty || filter.states.contains(.waiting), workflow == nil, labels.isEmpty else {
            return []
        }
        var rows: [JobRow] = []
        let now = WallClock.system.now
        let report = try InboxReport(
            spool,
            configuration: options.configurationPath,
            queue: filter.queue,
            limit: limit,
            now: now
        )
        for inbox in report.inboxes {
            let reasons = Dictionary(inbox.waiting.map { ($0.drop.drop, $0.reason) }, uniquingKeysWith: { $1 })
            for waiting in inbox.survey.drops.prefix(limit - rows.count) {
                if let since = filter.since, waiting.changedAt < since { continue }
                rows.append(JobRow(waiting, reasons[waiting.drop]))
            }
        }
        return rows
    }

    private func print(_ rows: [JobRow]) {
        if rows.isEmpty { return Terminal.remark("There are no such jobs.") }
        let now = WallClock.system.now
        var table = Table(["JOB", "STATE", "QUEUE", "AGE", "STEP", "TOKENS", "NAME", "REASON"], numbers: [5])
        for row in rows.map(\.summary) {
            let since = row.acceptedAt ?? row.finishedAt
            table.add([
                Table.Cell(row.job.isEmpty ? "-" : row.job), Table.Cell(row.shownState, row.state.style),
                Table.Cell(row.queue), Table.Cell(since.map { (now - $0).roundedText }),
                Table.Cell(row.state == .done ? "" : row.step), Table.Cell(row.tokens == 0 ? "" : String(row.tokens)),
                Table.Cell(row.name), Table.Cell(row.shownReason, .dim),
            ])
        }
        Terminal.print(table.text)
    }
}

/// A row of a list: a job's, or that of a drop which has no id yet.
struct JobRow {
    var summary: JobSummary

    init(_ summary: JobSummary) { self.summary = summary }

    init(_ waiting: WaitingDrop, _ reason: FileSnapshot.Reason?) {
        let named = String(validating: waiting.drop.name, as: UTF8.self).flatMap(JobName.init)
        summary = JobSummary(
            job: named?.id.text ?? "",
            name: named?.drop ?? waiting.drop.shownName,
            queue: waiting.drop.queue,
            state: .waiting
        )
        summary.reason = "in the inbox"
        summary.why = reason.map { "in the inbox: \($0.phrase)" } ?? "in the inbox"
        summary.owner = UserNames.name(of: waiting.uid)
    }

    var json: JSON {
        guard summary.job.isEmpty, case .object(var members) = summary.json else { return summary.json }
        members["job"] = .null
        return .object(members)
    }
}

extension JobSummary {
    /// The state as it is shown: `cancelled` says more than `failed`.
    var shownState: String { state == .failed ? outcome ?? state.rawValue : state.rawValue }

    /// The reason as it is shown; for a job that is done, only remarks on its output.
    var shownReason: String? { state == .done ? doneRemarks : why ?? reason }

    /// Failed lines of a batch, and cut answers.
    private var doneRemarks: String {
        [reason, isTruncated ? Self.truncation : nil].compactMap(\.self).joined(separator: "; ")
    }

    /// The note on a job with a model answer that was cut.
    static let truncation = "truncated: an answer was cut at a limit"
}
