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
        let start = try Self.time(since, "--since", now: now)
        return JobFilter(states: state.map { [$0] } ?? [], queue: queue, since: start)
    }

    /// Reads a duration before `now`, or a time.
    static func time(_ text: String?, _ option: String, now: Timestamp) throws -> Timestamp? {
        guard let text else { return nil }
        let time =
            Duration(text: text).map { Timestamp(milliseconds: now.milliseconds - $0.wholeMilliseconds) }
            ?? Timestamp(text: text)
        guard let time else {
            throw ValidationError("\(option) takes a duration such as 2h, or a time such as 2026-11-24T02:00:00Z.")
        }
        return time
    }
}

extension JobSummary.State: ExpressibleByArgument {}
