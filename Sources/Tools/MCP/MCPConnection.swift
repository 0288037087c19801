import Documents
import Jobs
import Logging
import OrderedCollections
import Synchronization
import Threads

/// One process of a server, and the requests that wait for its answers.
///
/// It is used once: after the process has ended, a new connection is made.
final class MCPConnection: Sendable {
    /// The longest line that the server may write, in bytes.
    static let lineMax = 16 << 20
    /// The most messages that wait for the server to read them.
    static let outgoingMax = 4_096
    /// The time to end after the input is closed, to end after SIGTERM, and to answer after a cancellation.
    static let grace = Duration.seconds(5)

    /// What the process is started with.
    struct Start: Sendable {
        var server: String
        /// Absolute path.
        var program: String
        var arguments: [String]
        /// The process's whole environment.
        var environment: [String: String]
        var directory: String
    }

    /// How the end of the process begins.
    enum Ending: Sendable {
        /// The input is closed; SIGTERM follows after ``grace``.
        case politely
        /// SIGTERM is sent at once.
        case firmly
    }

    struct Outgoing: Sendable {
        var id: Int?
        var bytes: [UInt8]
    }

    struct Request {
        var continuation: CheckedContinuation<Result<JSON, MCPError>, any Error>
        /// Whether the server may have read it.
        var mayBeRead = false
        var isCancellable: Bool
        /// When the server last reported progress on it, by the connection's age.
        var lastProgress: Duration?
    }

    struct State {
        var era = MCPProtocolVersion.newestModern
        var count = 0
        var requests: [Int: Request] = [:]
        var isOpen = true
        /// The kinds of invalid output that were logged.
        var oddities: Set<String> = []
        var lastOddity: String?
        var listVersion = 0
        /// When the process last wrote something, by the connection's age.
        var lastLife: Duration?
        var errorTail: [UInt8] = []
        /// Why the daemon ends the process.
        var fault: String?
        var task: Task<Void, Never>?
        var timeSinceEnd: Stopwatch?
    }

    /// What ``request(_:_:_:isCancellable:)`` throws inside when its task is cancelled.
    private struct Abandoned: Error {
        var mayBeRead: Bool
    }

    private enum Part: Sendable {
        case answer(Result<JSON, MCPError>)
        case silence(MCPRequestError.Silence)
    }

    let start: Start
    let clock: any Clock<Duration>
    let logger: Logger
    let outgoing: AsyncStream<Outgoing>
    let outgoer: AsyncStream<Outgoing>.Continuation
    let endings: AsyncStream<Ending>
    private let ender: AsyncStream<Ending>.Continuation
    /// Signals a cancelled request; the server must then show that it still answers.
    let suspicions: AsyncStream<Void>
    private let suspecter: AsyncStream<Void>.Continuation
    let state = Mutex(State())
    /// The time since the process was started.
    let age: Stopwatch

    /// Starts the process.
    init(_ start: Start, clock: any Clock<Duration>, logger: Logger) {
        (self.start, self.clock, self.logger) = (start, clock, logger)
        age = Stopwatch(clock)
        (outgoing, outgoer) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.outgoingMax))
        (endings, ender) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        (suspicions, suspecter) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // The task lives as long as the process, and close() waits for it.
        let task = Task { await run() }
        state.withLock { $0.task = task }
    }

    /// Whether new requests are taken.
    var isOpen: Bool { state.withLock(\.isOpen) }
    /// Changes when the server reports a change of its list of tools.
    var listVersion: Int { state.withLock(\.listVersion) }
    var era: MCPProtocolVersion {
        get { state.withLock(\.era) }
        set { state.withLock { $0.era = newValue } }
    }
    /// The last line that the process wrote to standard error; nil when there is none.
    var lastWords: String? { CommandFailureBuilder.lastLine(state.withLock(\.errorTail)) }
    /// Returns the time since the process ended; nil while it has not.
    var timeSinceEnd: Stopwatch? { state.withLock(\.timeSinceEnd) }

    /// Ends the process, and returns when it has ended.
    func close() async {
        end(.politely)
        await ended()
    }

    /// Returns when the process has ended; it does not end the process.
    func ended() async { await state.withLock(\.task)?.value }

    /// Refuses new requests, and begins the end of the process.
    func end(_ ending: Ending, fault: String? = nil) {
        state.withLock { state in
            // A fault after the end has begun is not its reason.
            if state.isOpen { state.fault = fault }
            state.isOpen = false
        }
        ender.yield(ending)
    }

    // MARK: Requests

    /// Sends a request to the server and waits for the answer.
    ///
    /// - Parameter isCancellable: Whether the server gets a cancellation when the caller stops waiting.
    /// - Throws: ``MCPRequestError``, and `CancellationError`.
    func request(
        _ method: String,
        _ parameters: OrderedDictionary<String, JSON> = [:],
        _ patience: MCPTimeout,
        isCancellable: Bool = true
    ) async throws -> Result<JSON, MCPError> {
        let (id, era) = state.withLock { state in
            state.count += 1
            return (state.count, state.era)
        }
        var parameters = parameters
        if case .progress = patience.sign {
            var meta = parameters["_meta"]?.object ?? [:]
            meta["progressToken"] = .int(Int64(id))
            parameters["_meta"] = .object(meta)
        }
        let bytes = MCPMessage.request(id, method, era.parameters(parameters))
        var silence = MCPRequestError.Silence(timeout: patience.timeout)
        do {
            return try await withThrowingTaskGroup(of: Part.self) { tasks in
                tasks.addTask { .answer(try await self.answer(to: Outgoing(id: id, bytes: bytes), isCancellable)) }
                tasks.addTask { .silence(try await self.timeOut(of: id, patience)) }
                while let part = try await tasks.next() {
                    tasks.cancelAll()
                    switch part {
                    case .answer(let answer): return answer
                    // The other task ends next, with an answer in the last moment or with an error.
                    case .silence(let said): silence = said
                    }
                }
                throw CancellationError()
            }
        } catch let abandoned as Abandoned {
            try Task.checkCancellation()
            throw MCPRequestError(.noAnswer(silence), mayBeRead: abandoned.mayBeRead)
        }
    }

    /// Returns when the time for the answer is over.
    private func timeOut(of id: Int, _ patience: MCPTimeout) async throws -> MCPRequestError.Silence {
        let begin = patience.sign == .life ? .zero : age.elapsed
        while true {
            let (progress, life, oddity) = state.withLock { state in
                (state.requests[id]?.lastProgress, state.lastLife, state.lastOddity)
            }
            let sign: Duration? =
                switch patience.sign {
                case .nothing: nil
                case .progress: progress
                case .life: life
                }
            let now = age.elapsed
            let left = patience.left(since: begin, sign: sign, now: now)
            if left <= .zero {
                var silence = MCPRequestError.Silence(timeout: patience.timeout, oddity: oddity)
                if patience.sign == .progress, progress != nil {
                    silence.hadSigns = true
                    silence.isMaximum = now >= begin + patience.maximum
                    if silence.isMaximum { silence.timeout = patience.maximum }
                }
                return silence
            }
            try await clock.sleep(for: left)
        }
    }

    func notify(_ method: String) { outgoer.yield(Outgoing(bytes: MCPMessage.notification(method))) }

    private func answer(to message: Outgoing, _ isCancellable: Bool) async throws -> Result<JSON, MCPError> {
        let id = message.id ?? 0
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let refusal = state.withLock { state -> (any Error)? in
                    if Task.isCancelled { return Abandoned(mayBeRead: false) }
                    if !state.isOpen {
                        return MCPRequestError(.ended(state.fault ?? "it is being ended"), mayBeRead: false)
                    }
                    state.requests[id] = Request(continuation: continuation, isCancellable: isCancellable)
                    return nil
                }
                if let refusal { return continuation.resume(throwing: refusal) }
                if case .enqueued = outgoer.yield(message) { return }
                take(id)?.continuation.resume(throwing: MCPRequestError(.ended("it does not read"), mayBeRead: false))
            }
        } onCancel: {
            abandon(id)
        }
    }

    func take(_ id: Int) -> Request? { state.withLock { $0.requests.removeValue(forKey: id) } }

    private func abandon(_ id: Int) {
        guard let request = take(id) else { return }
        if request.mayBeRead, request.isCancellable {
            let parameters: JSON = ["requestId": .int(Int64(id)), "reason": "nothing waits for it any longer"]
            outgoer.yield(Outgoing(bytes: MCPMessage.notification("notifications/cancelled", parameters)))
            suspecter.yield()
        }
        request.continuation.resume(throwing: Abandoned(mayBeRead: request.mayBeRead))
    }

    /// Whether the server still answers, even with an error; one that does not is stuck in the cancelled call.
    func isAlive() async -> Bool {
        let method = if case .modern = era { "server/discover" } else { "ping" }
        return (try? await request(method, [:], .atMost(Self.grace), isCancellable: false)) != nil
    }
}
