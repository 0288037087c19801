import ArgumentParser
import Client
import Documents
import Jobs
import Spool

/// A request of the operator to the daemon about some jobs.
struct RequestOptions: ParsableArguments {
    @OptionGroup var options: SpoolOptions
    @OptionGroup var filterOptions: JobFilterOptions

    @Argument(help: "Ids, unique parts of them, or dropped files' names.")
    var jobs: [String] = []

    @Option(help: ArgumentHelp("Why; it is recorded.", valueName: "text"))
    var reason: String?

    @Flag(help: "Print one JSON object a job.")
    var json = false

    func validate() throws {
        if jobs.isEmpty, filterOptions.isEmpty {
            throw ValidationError("Name jobs, or say which with --state, --queue or --since.")
        }
        if !jobs.isEmpty, !filterOptions.isEmpty {
            throw ValidationError("Name jobs or give --state, --queue and --since, not both.")
        }
    }

    /// Asks the daemon, and prints its answers as they come.
    func carryOut(_ action: JobAction) async throws {
        let client = try options.client()
        let selection: JobSelection =
            try jobs.isEmpty ? .matching(filterOptions.filter(now: WallClock.system.now)) : .named(jobs)
        let count = try await JobRequests(client, action, reason: reason).carryOut(on: selection) { answer in
            json ? Terminal.print(answer.json) : Terminal.print("\(answer.job) \(action.kind.participle)")
        }
        if count == 0 { Terminal.remark("There are no such jobs.") }
    }
}

extension ControlRequest.Action {
    fileprivate var participle: String {
        switch self {
        case .cancel: "cancelled"
        case .retry: "retried"
        case .hold: "held"
        case .release: "released"
        case .approve: "approved"
        case .deny: "denied"
        case .deliver: "delivered again"
        }
    }
}
