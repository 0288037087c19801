import ArgumentParser
import Documents
import JobIndex
import Jobs
import OrderedCollections
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

struct HoldCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Put jobs aside until they are released; a running step may finish."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.hold) }
}

struct DenyCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny",
        abstract: "Say no to what held jobs wait for: they end as denied, or their model gets the denial."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws {
        try await request.carryOut(.deny) { request, replay in
            // Bound to the step that asks now: a later step's question is not denied.
            if case .held(let hold) = replay.life.state { request.deniedStep = hold.step }
        }
    }
}

struct ReleaseCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Let held jobs go on."
    )

    @OptionGroup var request: RequestOptions

    @Option(
        help: ArgumentHelp("The step in doubt happened; this is its output, JSON or text.", valueName: "output")
    )
    var assumeDone: String?

    @Flag(help: "The step in doubt did not happen, or may happen again.")
    var again = false

    @Option(
        help: ArgumentHelp(
            "A higher limit, as cost_usd=2.50, tokens=80000, tool_calls=40, turns=30 or duration=1h.",
            valueName: "name=value"
        )
    )
    var limit: [String] = []

    func validate() throws {
        if assumeDone != nil, again { throw ValidationError("Give --assume-done or --again, not both.") }
        _ = try limits()
    }

    func perform() async throws {
        let limits = try limits()
        let output = assumeDone.map { text in JSON(printed: text) ?? .string(text) }
        let finding = output.map { Release.Finding.done(output: $0) } ?? (again ? .again : nil)
        try await request.carryOut(.release) { request, _ in
            request.finding = finding
            request.limits = limits
        }
    }

    private func limits() throws -> Limits {
        var members: OrderedDictionary<String, JSON> = [:]
        for text in limit {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--limit needs name=value, not \"\(text)\".") }
            members[parts[0]] = (try? JSONParser.parse(parts[1])) ?? .string(parts[1])
        }
        do throws(DocumentError) {
            return try Limits(MemberReader(Document(JSON.object(members).bytes, format: .json, name: "--limit")))
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

struct ApproveCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Say yes to what held jobs wait for."
    )

    @OptionGroup var request: RequestOptions

    @Option(
        help: ArgumentHelp("JSON or YAML with the arguments to use in the place of those asked for.", valueName: "file")
    )
    var edit: String?

    @Option(
        help: ArgumentHelp(
            "The arguments_hash of the approval.json that was read: nothing else is approved.",
            valueName: "hash"
        )
    )
    var hash: String?

    func perform() async throws {
        let arguments = try edit.map { path in
            let bytes = try InputFile.bytes(of: path)
            return try Document(bytes, format: Document.Format(fileName: path) ?? .yaml, name: path).value
        }
        try await request.carryOut(.approve) { request, replay in
            guard case .held(let hold) = replay.life.state, let asked = hold.approval else {
                throw CommandLineError("the job \(replay.name.id) does not wait for an approval", .data)
            }
            if let hash, hash != asked.argumentsHash {
                throw CommandLineError(
                    "the job \(replay.name.id) asks for something else by now: see approval.json",
                    .data
                )
            }
            // Bound to the call in the history now: the daemon refuses the request when the job asks for another
            // call by then.
            request.approved = ControlRequest.ApprovedCall(
                step: asked.step,
                argumentsHash: asked.argumentsHash,
                arguments: arguments
            )
        }
    }
}

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

    /// How long to wait for the daemon's answer.
    private static let patience: Duration = .seconds(10)

    /// Asks the daemon, and waits for its answer.
    ///
    /// - Parameter complete: Adds to the request of one job what its action needs.
    func carryOut(
        _ action: ControlRequest.Action,
        _ complete: (inout ControlRequest, JobReplay) throws -> Void = { _, _ in }
    ) async throws {
        let spool = try options.open()
        let finder = JobFinder(spool: spool, options)
        let identifiers = JobIDGenerator(clock: .system, random: { UInt64.random(in: .min ... .max) })
        var asked: [(job: JobName, seq: Int)] = []
        var requests: [ControlRequest] = []
        for name in try await names(finder) {
            let replay = try await finder.read(name).replay
            var request = ControlRequest(action, jobs: [replay.name.id], reason: reason)
            do {
                try complete(&request, replay)
                _ = try replay.life.decide(request.command(Decision(uid: 0, user: "")), at: WallClock.system.now)
            } catch {
                // A filter means only the jobs to which the action can be applied.
                if jobs.isEmpty { continue }
                throw error as? CommandLineError ?? CommandLineError("the job \(replay.name.id): \(error)", .data)
            }
            asked.append((replay.name, replay.life.seq))
            requests.append(request)
        }
        if asked.isEmpty { return Terminal.remark("There are no such jobs.") }
        for request in requests.merged { _ = try request.submit(to: spool, id: identifiers.next()) }
        guard try NodeLock.nodes(of: spool).contains(where: \.isAlive) else {
            throw CommandLineError(
                "no daemon is running on \(spool.path); the request waits in control/ and is carried out when one starts",
                .unavailable
            )
        }
        for (job, seq) in asked { try await report(job, action, after: seq, finder) }
    }

    private func names(_ finder: JobFinder) async throws -> [String] {
        if !jobs.isEmpty {
            var found: [String] = []
            for job in jobs { found.append(try await finder.find(job).job.description) }
            return found
        }
        let index = try options.openIndex()
        defer { index.close() }
        return try await index.list(filterOptions.filter(now: WallClock.system.now)).map(\.job)
            .filter { JobID($0) != nil }
    }

    private func report(
        _ job: JobName,
        _ action: ControlRequest.Action,
        after seq: Int,
        _ finder: JobFinder
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end {
            let (location, history, replay) = try await finder.read(job.description)
            let isRecorded = history.records.contains { $0.seq > seq && action.isRecorded(by: $0.event) }
            // The daemon may not have synced the record that can be read already.
            if isRecorded, try finder.spool.syncHistory(of: location) {
                try await IndexCatchUp(options: options).wait(for: job.id, seq: replay.life.seq)
                return json
                    ? Terminal.print(["job": .string(job.id.text), "state": .string(replay.life.state.name)])
                    : Terminal.print("\(job.id) \(action.participle)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandLineError("the daemon has not carried the request for \(job.id) out yet; see its log", .temporary)
    }
}

extension [ControlRequest] {
    /// The requests, with neighbours that differ only in their jobs merged into one.
    fileprivate var merged: [ControlRequest] {
        reduce(into: []) { merged, request in
            guard var last = merged.last else { return merged.append(request) }
            let jobs = last.jobs + request.jobs
            last.jobs = request.jobs
            if last == request { merged[merged.count - 1].jobs = jobs } else { merged.append(request) }
        }
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
        }
    }

    fileprivate func isRecorded(by event: JobEvent) -> Bool {
        switch (self, event) {
        case (.cancel, .cancelled), (.retry, .retried), (.hold, .held), (.release, .released),
            (.approve, .approved), (.deny, .denied):
            true
        default: false
        }
    }
}
