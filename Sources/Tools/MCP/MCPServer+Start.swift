import Documents
import Jobs
import Threads

/// Starts the process: waiting callers share one start, and it goes on when a job is put off.
extension MCPServer {
    /// The most starts in a row for one use.
    static let startsMax = 3
    /// The wait before a start after one failure; doubled with each further failure.
    static let backoff = Duration.seconds(1)
    static let backoffMax = Duration.seconds(60)
    /// How long a job holds its worker while it waits for a start; then it is put off for the same time.
    static let startPatience = Duration.seconds(10)

    /// A start that is under way.
    struct Starting {
        var task: Task<Void, Never>
        /// The waiting callers by number; each is notified when the start ends.
        var waiting: [Int: AsyncThrowingStream<Never, any Error>.Continuation] = [:]
        /// Whether a job that was put off will come back for it.
        var isAwaited = false
        /// The time since it began.
        var age: Stopwatch
    }

    /// The open connection, after a start when there is none.
    ///
    /// - Parameter patience: How long to wait for a start; nil to wait until it ends.
    /// - Throws: ``Failure`` of the start, ``ToolNotReady`` when it takes longer, `CancellationError`.
    func openConnection(patience: Duration?) async throws -> MCPConnection {
        while true {
            try Task.checkCancellation()
            try refuseWhenClosed()
            if starting == nil {
                if let connection, connection.isOpen { return connection }
                // Unstructured: the start goes on when its first job is put off or cancelled; others may wait for it.
                let task = Task { await startForAll() }
                starting = Starting(task: task, age: Stopwatch(place.clock))
            }
            try await waitForStart(patience)
        }
    }

    private func waitForStart(_ patience: Duration?) async throws {
        let (stream, continuation) = AsyncThrowingStream<Never, any Error>.makeStream()
        waitersCount += 1
        let number = waitersCount
        starting?.waiting[number] = continuation
        let clock = place.clock
        let hasEnded: Bool
        do {
            hasEnded = try await WaitReasons.during(startReason()) {
                try await withThrowingTaskGroup(of: Bool.self) { tasks in
                    tasks.addTask {
                        for try await _ in stream {}
                        return true
                    }
                    if let patience {
                        tasks.addTask {
                            try await clock.sleep(for: patience)
                            return false
                        }
                    }
                    defer { tasks.cancelAll() }
                    return try await tasks.next() ?? true
                }
            }
        } catch {
            leave(number)
            throw error
        }
        let reason = startReason(age: starting?.age.elapsed)
        guard leave(number), !hasEnded else { return }
        starting?.isAwaited = true
        throw ToolNotReady(for: Self.startPatience, reason)
    }

    /// - Returns: False when the start has ended meanwhile.
    @discardableResult
    private func leave(_ waiter: Int) -> Bool {
        if starting?.waiting.removeValue(forKey: waiter) == nil { return false }
        // A start that only a cancelled job waited for is of no use.
        if Task.isCancelled, let starting, starting.waiting.isEmpty, !starting.isAwaited { starting.task.cancel() }
        return true
    }

    /// Why a job waits for the start.
    ///
    /// - Parameter age: The age of the start; left out where the text must not change from moment to moment.
    private func startReason(age: Duration? = nil) -> String {
        if !predecessors.isEmpty {
            return "the MCP server \(launch.server) has other settings now, and is started when the calls that run "
                + "with the former ones have ended"
        }
        let since = age.map { " since \($0.wholeMilliseconds / 1_000) s" } ?? ""
        let words = age == nil ? nil : connection?.lastWords.map { "; it wrote: \($0)" }
        let before = lastFailure.map { "; before that \($0)" }
        return "the MCP server \(launch.server) is starting\(since) (start_timeout \(launch.startTimeout.text))"
            + (words ?? "") + (before ?? "")
    }

    /// Starts the process; the waiting callers share success and failure, and start anew when it was cancelled.
    private func startForAll() async {
        var failure: (any Error)?
        do {
            try await start()
            lastFailure = nil
        } catch let error as Failure {
            failure = error
            lastFailure = error.message
        } catch {
            if !(error is CancellationError) { failure = error }
        }
        let waiting = starting?.waiting ?? [:]
        starting = nil
        for continuation in waiting.values { continuation.finish(throwing: failure) }
        if waiting.isEmpty { leaveWhenIdle() }
    }

    private func start() async throws {
        await waitForPredecessors()
        if let connection {
            // The last process may still hold what the next one needs.
            await connection.ended()
            countFailure(of: connection)
        }
        var assumed = era
        var last = "it was not started"
        for _ in 0..<Self.startsMax {
            try await waitForBackoff()
            try Task.checkCancellation()
            try refuseWhenClosed()
            let connection = MCPConnection(try process(), clock: place.clock, logger: place.logger)
            self.connection = connection
            do {
                era = try await MCPHandshake(connection: connection, timeout: launch.startTimeout).era(known: assumed)
                return
            } catch {
                await connection.close()
                guard let loss = error as? MCPRequestError else {
                    self.connection = nil
                    throw error
                }
                countFailure(of: connection)
                last = try words(of: loss, connection)
                era = nil
                // Some legacy servers end when the first message is not the one that they expect.
                assumed = assumed == nil ? .newestLegacy : nil
            }
        }
        throw failure(last)
    }

    /// Why a start failed.
    ///
    /// - Throws: ``Failure`` when another start would fail, too.
    private func words(of loss: MCPRequestError, _ connection: MCPConnection) throws(Failure) -> String {
        switch loss.reason {
        case .notStarted(let failure) where failure.class == .permanent: throw failure
        case .notStarted(let failure): return failure.message
        case .ended(let reason): return reason
        case .unusable(let reason): return "it gave an answer that cannot be used: \(reason)"
        case .tooLong(let count): return "it gave an answer of \(count) bytes"
        case .noAnswer(let silence):
            let said = connection.lastWords.map { "; it last wrote: \($0)" } ?? ""
            return "it \(silence.text) (start_timeout)\(said)"
        }
    }

    private func refuseWhenClosed() throws(Failure) {
        if isClosed { throw failure("the daemon is stopping") }
    }

    private func process() throws(Failure) -> MCPConnection.Start {
        let passed = Set(CommandTool.variables + launch.environment)
        let environment = place.environment.filter { passed.contains($0.key) }
        return MCPConnection.Start(
            server: launch.server,
            program: try ProgramLookup.find(
                launch.command[0],
                tool: "the MCP server \(launch.server)",
                directory: place.directory,
                path: environment["PATH"]
            ),
            arguments: Array(launch.command.dropFirst()),
            environment: environment,
            directory: place.directory
        )
    }

    private func failure(_ reason: String) -> Failure {
        Failure(
            .temporary,
            "the MCP server \(launch.server) could not be started: \(reason)",
            hint: "run its command by hand, in the configuration's directory: \(launch.command[0]); "
                + "one that needs longer needs a longer \"start_timeout\""
        )
    }

    private func countFailure(of ended: MCPConnection) {
        connection = nil
        failures += 1
        timeSinceFailure = ended.timeSinceEnd
    }

    /// Waits for the exponential back-off, counted from the last failure.
    private func waitForBackoff() async throws {
        guard failures > 0, let timeSinceFailure else { return }
        let wait = min(Self.backoffMax, Self.backoff * (1 << min(failures - 1, 10)))
        let left = wait - timeSinceFailure.elapsed
        if left > .zero { try await place.clock.sleep(for: left) }
    }
}
