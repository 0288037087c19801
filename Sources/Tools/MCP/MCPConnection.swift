import Jobs
import Logging
import OrderedCollections
import Synchronization

/// One process of a server, and the requests that wait for its answers.
///
/// It is used once: when the process has ended a new connection is made.
final class MCPConnection: Sendable {
    /// Bytes of one line that the server writes.
    static let lineMax = 16 << 20
    /// Messages that wait to be read by the server.
    static let outgoingMax = 4_096
    /// For a server to end when its input is closed; to end at SIGTERM; and to show that it lives after a cancellation.
    static let grace = Duration.seconds(5)

    /// What the process is started with.
    struct Start: Sendable {
        var server: String
        /// Absolute path.
        var program: String
        var arguments: [String]
        /// All that the process is given.
        var environment: [String: String]
        var directory: String
    }

    /// How an end is begun.
    enum Ending: Sendable {
        /// The input is closed, and the server is given its time.
        case politely
        /// At once with SIGTERM.
        case firmly
    }

    struct Outgoing: Sendable {
        var id: Int?
        var bytes: [UInt8]
    }

    private struct Request {
        var continuation: CheckedContinuation<Result<JSON, MCPError>, any Error>
        /// Whether the server may have read it.
        var mayBeRead = false
        var isCancellable: Bool
    }

    private struct State {
        var era = MCPEra.newestModern
        var count = 0
        var requests: [Int: Request] = [:]
        var isOpen = true
        var hasSaidNonsense = false
        var listVersion = 0
        /// Why we end it.
        var fault: String?
        var task: Task<Void, Never>?
        var timeSinceEnd: (@Sendable () -> Duration)?
    }

    /// What ``request(_:_:timeout:isCancellable:)`` throws inside when its task is cancelled.
    private struct Abandoned: Error {
        var mayBeRead: Bool
    }

    let start: Start
    let clock: any Clock<Duration>
    let logger: Logger
    let outgoing: AsyncStream<Outgoing>
    let outgoer: AsyncStream<Outgoing>.Continuation
    let endings: AsyncStream<Ending>
    private let ender: AsyncStream<Ending>.Continuation
    /// Cancelled requests, after which the server must show that it lives.
    let suspicions: AsyncStream<Void>
    private let suspecter: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    /// Starts the process.
    init(_ start: Start, clock: any Clock<Duration>, logger: Logger) {
        (self.start, self.clock, self.logger) = (start, clock, logger)
        (outgoing, outgoer) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.outgoingMax))
        (endings, ender) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        (suspicions, suspecter) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // It lives as long as the process, and close() waits for it.
        let task = Task { await run() }
        state.withLock { $0.task = task }
    }

    /// Whether new requests are taken.
    var isOpen: Bool { state.withLock(\.isOpen) }
    /// Changes when the server says that its list of tools has.
    var listVersion: Int { state.withLock(\.listVersion) }
    var era: MCPEra {
        get { state.withLock(\.era) }
        set { state.withLock { $0.era = newValue } }
    }
    /// Tells the time since the process ended; nil while it has not.
    var timeSinceEnd: (@Sendable () -> Duration)? { state.withLock(\.timeSinceEnd) }

    /// Ends the process, and returns when it has ended.
    func close() async {
        end(.politely)
        await ended()
    }

    /// Returns when the process has ended, which something must have begun.
    func ended() async { await state.withLock(\.task)?.value }

    /// Takes no more requests, and has the process ended.
    func end(_ ending: Ending, fault: String? = nil) {
        state.withLock { state in
            // What goes wrong after the end has begun is no reason for it.
            if state.isOpen { state.fault = fault }
            state.isOpen = false
        }
        ender.yield(ending)
    }

    // MARK: Requests

    /// Asks the server.
    ///
    /// - Parameter isCancellable: Whether the server is told when nobody waits for the answer any longer.
    /// - Throws: ``MCPLoss``, and `CancellationError`.
    func request(
        _ method: String,
        _ parameters: OrderedDictionary<String, JSON> = [:],
        timeout: Duration,
        isCancellable: Bool = true
    ) async throws -> Result<JSON, MCPError> {
        let (id, era) = state.withLock { state in
            state.count += 1
            return (state.count, state.era)
        }
        let bytes = MCPMessage.request(id, method, era.parameters(parameters))
        do {
            return try await withThrowingTaskGroup(of: Result<JSON, MCPError>?.self) { tasks in
                tasks.addTask { try await self.answer(to: Outgoing(id: id, bytes: bytes), isCancellable) }
                tasks.addTask {
                    try await self.clock.sleep(for: timeout)
                    return nil
                }
                while let part = try await tasks.next() {
                    tasks.cancelAll()
                    // After the time-out comes the other's end: an answer in the last moment, or an error.
                    if let answer = part { return answer }
                }
                throw CancellationError()
            }
        } catch let abandoned as Abandoned {
            try Task.checkCancellation()
            throw MCPLoss(.noAnswer(within: timeout), mayBeRead: abandoned.mayBeRead)
        }
    }

    func notify(_ method: String) { outgoer.yield(Outgoing(bytes: MCPMessage.notification(method))) }

    private func answer(to message: Outgoing, _ isCancellable: Bool) async throws -> Result<JSON, MCPError> {
        let id = message.id ?? 0
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let refusal = state.withLock { state -> (any Error)? in
                    if Task.isCancelled { return Abandoned(mayBeRead: false) }
                    if !state.isOpen { return MCPLoss(.ended(state.fault ?? "it is being ended"), mayBeRead: false) }
                    state.requests[id] = Request(continuation: continuation, isCancellable: isCancellable)
                    return nil
                }
                if let refusal { return continuation.resume(throwing: refusal) }
                if case .enqueued = outgoer.yield(message) { return }
                take(id)?.continuation.resume(throwing: MCPLoss(.ended("it does not read"), mayBeRead: false))
            }
        } onCancel: {
            abandon(id)
        }
    }

    private func take(_ id: Int) -> Request? { state.withLock { $0.requests.removeValue(forKey: id) } }

    private func abandon(_ id: Int) {
        guard let request = take(id) else { return }
        if request.mayBeRead, request.isCancellable {
            let parameters: JSON = ["requestId": .int(Int64(id)), "reason": "nobody waits for it any longer"]
            outgoer.yield(Outgoing(bytes: MCPMessage.notification("notifications/cancelled", parameters)))
            suspecter.yield()
        }
        request.continuation.resume(throwing: Abandoned(mayBeRead: request.mayBeRead))
    }

    /// Whether a server still answers, however it does. One that does not is stuck in what was cancelled.
    func isAlive() async -> Bool {
        let method = if case .modern = era { "server/discover" } else { "ping" }
        return (try? await request(method, timeout: Self.grace, isCancellable: false)) != nil
    }

    // MARK: What the process tells

    /// Whether a message is to be written: requests that were given up are not.
    func willWrite(_ message: Outgoing) -> Bool {
        guard let id = message.id else { return true }
        return state.withLock { state in
            // From here on, and not from the end of the write: the answer may come before that.
            guard state.isOpen, state.requests[id] != nil else { return false }
            state.requests[id]?.mayBeRead = true
            return true
        }
    }

    /// Without its line's end no server takes a message.
    func couldNotWrite(_ message: Outgoing) {
        guard let id = message.id else { return }
        state.withLock { $0.requests[id]?.mayBeRead = false }
    }

    func receive(_ line: [UInt8]) {
        switch MCPMessage(line) {
        case .response(let id, let answer): take(id)?.continuation.resume(returning: answer)
        case .request(let id, let method): outgoer.yield(Outgoing(bytes: MCPMessage.answer(to: id, method)))
        case .notification("notifications/tools/list_changed"): state.withLock { $0.listVersion += 1 }
        case .notification: break
        case .unusable:
            let isFirst = state.withLock { state in
                defer { state.hasSaidNonsense = true }
                return !state.hasSaidNonsense
            }
            if isFirst, !line.isEmpty {
                logger.warning("the MCP server \(start.server) writes lines that are no messages; they are passed over")
            }
        }
    }

    /// The process has ended: whoever still waits will get no answer.
    func finish(_ reason: MCPLoss.Reason) {
        let (requests, fault) = state.withLock { state in
            defer { state.requests = [:] }
            state.isOpen = false
            state.timeSinceEnd = clock.stopwatch()
            return (state.requests.values, state.fault)
        }
        outgoer.finish()
        let reason = fault.map(MCPLoss.Reason.ended) ?? reason
        for request in requests {
            request.continuation.resume(throwing: MCPLoss(reason, mayBeRead: request.mayBeRead))
        }
    }
}

/// Why there is no answer, and whether the server may have acted.
struct MCPLoss: Error, Sendable {
    enum Reason: Sendable {
        case noAnswer(within: Duration)
        /// In words that go behind "because".
        case ended(String)
        case notStarted(Failure)
    }

    var reason: Reason
    var mayBeRead: Bool

    init(_ reason: Reason, mayBeRead: Bool) { (self.reason, self.mayBeRead) = (reason, mayBeRead) }
}

extension Clock<Duration> {
    /// Tells the time since it was made.
    func stopwatch() -> @Sendable () -> Duration {
        let start = now
        return { start.duration(to: now) }
    }
}
