import ArgumentParser
import Client
import Documents
import Jobs
import Spool

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
    var labels: [NamedValue] = []

    @Option(help: ArgumentHelp("Only jobs of the user or token of this name.", valueName: "name"))
    var owner: String?

    @Option(help: ArgumentHelp("Only jobs accepted before: a duration such as 2h, or a time.", valueName: "time"))
    var until: String?

    @Option(
        help: ArgumentHelp(
            "Only jobs with this text in the name, id, reason, labels or a summary of an output.",
            valueName: "text"
        )
    )
    var search: String?

    @Option(help: "The order.")
    var sort = JobFilter.Sort.newest

    @Option(help: ArgumentHelp("Only jobs behind this place, which the last page printed.", valueName: "place"))
    var after: String?

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 50

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes a number from 1 on.") }
        if let after, JobCursor(after) == nil { throw ValidationError("--after takes a place that list printed.") }
        if let label = labels.first(where: { $0.pair == nil }) {
            throw ValidationError("--label takes key=value, not \(label.text).")
        }
    }

    func perform() async throws {
        let client = try options.client()
        var filter = try filterOptions.filter(now: WallClock.system.now)
        filter.workflow = workflow
        filter.labels = labels.compactMap(\.pair).map { JobFilter.Label(key: $0.name, value: $0.value) }
        filter.owner = owner.map(JobFilter.OwnerCondition.named)
        filter.until = try JobFilterOptions.time(until, "--until", now: WallClock.system.now)
        (filter.text, filter.sort, filter.after) = (search, sort, after.flatMap { JobCursor($0) })
        let listing = try await JobListing(of: client, filter, limit: limit)
        if json {
            for row in listing.rows { Terminal.print(row.json) }
        } else if listing.failure == nil || !listing.rows.isEmpty {
            print(listing.rows)
        }
        if let next = listing.next { Terminal.remark("there are more: --after \(next)") }
        if let failure = listing.failure { throw failure }
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

extension JobFilter.Sort: ExpressibleByArgument {}
