import ArgumentParser
import JobIndex
import Jobs
import Spool

struct RetryCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run failed jobs again; finished steps stay finished."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.retry) }
}

struct CancelCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs that have not ended."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.cancel) }
}

/// What a person asks of the daemon about some jobs.
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

    /// How long an answer of the daemon is waited for.
    private static let patience: Duration = .seconds(10)

    func carryOut(_ action: ControlRequest.Action) async throws {
        let spool = try options.open()
        let finder = JobFinder(spool: spool)
        var names = try jobs.map { try finder.find($0).job.id }
        if jobs.isEmpty {
            let index = try options.openIndex()
            defer { index.close() }
            names = try await index.list(filterOptions.filter(now: WallClock.system.now)).compactMap { JobID($0.job) }
            names = try names.filter { try action.isPossible(finder.read($0.text).replay) }
            if names.isEmpty { return Terminal.remark("There are no such jobs.") }
        }
        for name in names where try !action.isPossible(finder.read(name.text).replay) {
            let state = try finder.read(name.text).replay.life.state.name
            throw CommandFailure("the job \(name) is \(state) and cannot be \(action.participle)", .data)
        }
        let identifiers = JobIDGenerator(clock: .system, random: { UInt64.random(in: .min ... .max) })
        _ = try ControlRequest(action, jobs: names, reason: reason).submit(to: spool, id: identifiers.next())
        guard try NodeLock.nodes(of: spool).contains(where: \.isAlive) else {
            throw CommandFailure(
                "no daemon is running on \(spool.path); the request waits in control/ and is carried out when one starts",
                .unavailable
            )
        }
        for name in names { try await report(name, action, finder) }
    }

    private func report(_ job: JobID, _ action: ControlRequest.Action, _ finder: JobFinder) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end {
            let replay = try finder.read(job.text).replay
            if action.isDone(replay) {
                return json
                    ? Terminal.print(["job": .string(job.text), "state": .string(replay.life.state.name)])
                    : Terminal.print("\(job) \(action.participle)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandFailure("the daemon has not carried the request for \(job) out yet; see its log", .temporary)
    }
}

extension ControlRequest.Action {
    fileprivate var participle: String {
        switch self {
        case .cancel: "cancelled"
        case .retry: "retried"
        }
    }

    /// Whether it can be asked of a job that has this history.
    fileprivate func isPossible(_ replay: JobReplay) -> Bool {
        switch self {
        case .cancel: !replay.life.isEnded
        case .retry: replay.life.isEnded && replay.outcome != .completed
        }
    }

    fileprivate func isDone(_ replay: JobReplay) -> Bool {
        switch self {
        case .cancel: replay.life.isEnded
        case .retry: !isPossible(replay)
        }
    }
}
