import ArgumentParser
import Client
import Documents
import Jobs

/// Which jobs a command means, when it does not name them.
struct JobFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only jobs in this state.", valueName: "state"))
    var state: JobSummary.State?

    @Option(help: ArgumentHelp("Only jobs of this queue.", valueName: "queue"))
    var queue: String?

    @Option(help: ArgumentHelp("Only jobs accepted since: a duration such as 2h, or a time.", valueName: "time"))
    var since: String?

    var isEmpty: Bool { state == nil && queue == nil && since == nil }

    func filter(now: Timestamp) throws -> JobFilter {
        var start: Timestamp?
        if let since {
            start =
                Duration(text: since).map { Timestamp(milliseconds: now.milliseconds - $0.wholeMilliseconds) }
                ?? Timestamp(text: since)
            if start == nil {
                throw ValidationError("--since takes a duration such as 2h, or a time such as 2026-11-24T02:00:00Z.")
            }
        }
        return JobFilter(states: state.map { [$0] } ?? [], queue: queue, since: start)
    }
}

extension JobSummary.State: ExpressibleByArgument {}
