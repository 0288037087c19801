import Jobs
import Logging
import OrderedCollections

/// One MCP server: started when it is first needed, shared by all who use it, started again when it has died.
package actor MCPServer {
    /// Starts in a row for one use.
    static let startsMax = 3
    /// Before a start after one failure; doubled with each further one.
    static let backoff = Duration.seconds(1)
    static let backoffMax = Duration.seconds(60)
    /// So many tools, and so many pages of them, are taken from a server.
    static let toolsMax = 10_000
    static let pagesMax = 1_000

    let launch: MCPServerSettings.Launch
    private let place: MCPServers.Place
    private var connection: MCPConnection?
    private var isStarting = false
    private var waiting: [AsyncThrowingStream<Never, any Error>.Continuation] = []
    private var isClosed = false
    /// What the server was found to speak.
    private(set) var era: MCPEra?
    private var list: (connection: MCPConnection, version: Int, tools: [String: MCPToolDescription])?
    private var reported: Set<String> = []
    /// Failed starts and deaths since the last answer.
    private var failures = 0
    /// The time since the last of them.
    private var timeSinceFailure: (@Sendable () -> Duration)?

    init(_ launch: MCPServerSettings.Launch, in place: MCPServers.Place) {
        (self.launch, self.place) = (launch, place)
    }

    /// Its tools by name: what it said last, unless it died since or says that they have changed.
    ///
    /// - Throws: ``Failure``, `CancellationError`.
    func tools(timeout: Duration) async throws -> [String: MCPToolDescription] {
        var lost: MCPLoss?
        for _ in 0..<Self.startsMax {
            let connection = try await openConnection()
            let version = connection.listVersion
            if let list, list.connection === connection, list.version == version { return list.tools }
            do {
                let tools = try await listTools(connection, timeout)
                list = (connection, version, tools)
                return tools
            } catch let loss as MCPLoss {
                lost = loss
            }
        }
        throw listFailure.lost(lost ?? MCPLoss(.noAnswer(within: timeout), mayBeRead: false))
    }

    /// Calls a tool.
    ///
    /// - Throws: ``MCPLoss``; ``Failure`` when the server cannot be started; `CancellationError`.
    func call(
        _ tool: String,
        _ arguments: JSON,
        idempotencyKey: String,
        timeout: Duration
    ) async throws -> Result<JSON, MCPError> {
        let connection = try await openConnection()
        let answer = try await connection.request(
            "tools/call",
            [
                "name": .string(tool), "arguments": arguments,
                "_meta": ["agentspool/idempotency-key": .string(idempotencyKey)],
            ],
            timeout: timeout
        )
        failures = 0
        return answer
    }

    /// Ends the process; nobody can use the server any more.
    func close() async {
        isClosed = true
        await connection?.close()
    }

    // MARK: Starting

    private func openConnection() async throws -> MCPConnection {
        while true {
            try Task.checkCancellation()
            try refuseWhenClosed()
            if let connection, connection.isOpen, !isStarting { return connection }
            if !isStarting { return try await startForAll() }
            let (stream, continuation) = AsyncThrowingStream<Never, any Error>.makeStream()
            waiting.append(continuation)
            for try await _ in stream {}
        }
    }

    /// Starts the process while others wait: they share a success and a failure, and try themselves when this one's
    /// job was cancelled.
    private func startForAll() async throws -> MCPConnection {
        isStarting = true
        var failure: (any Error)?
        defer {
            isStarting = false
            for continuation in waiting { continuation.finish(throwing: failure) }
            waiting = []
        }
        do {
            return try await start()
        } catch {
            if !(error is CancellationError) { failure = error }
            throw error
        }
    }

    private func start() async throws -> MCPConnection {
        if let connection {
            // What is left of the last process may hold what the next one needs.
            await connection.ended()
            countFailure(of: connection)
        }
        var assumed = era
        var last = "it was not started"
        for _ in 0..<Self.startsMax {
            try await waitForBackoff()
            try refuseWhenClosed()
            let connection = MCPConnection(try process(), clock: place.clock, logger: place.logger)
            self.connection = connection
            do {
                era = try await MCPHandshake(connection: connection, timeout: launch.startTimeout).era(known: assumed)
                return connection
            } catch {
                await connection.close()
                guard let loss = error as? MCPLoss else {
                    self.connection = nil
                    throw error
                }
                countFailure(of: connection)
                switch loss.reason {
                case .notStarted(let failure) where failure.class == .permanent: throw failure
                case .notStarted(let failure): last = failure.message
                case .ended(let reason): last = reason
                case .noAnswer(let timeout): last = "it did not answer within \(timeout.text)"
                }
                era = nil
                // Some legacy servers end when the first message is not the one they wait for.
                assumed = assumed == nil ? .newestLegacy : nil
            }
        }
        throw failure(last)
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
            hint: "run its command by hand, in the configuration's directory: \(launch.command[0])"
        )
    }

    private func countFailure(of ended: MCPConnection) {
        connection = nil
        failures += 1
        timeSinceFailure = ended.timeSinceEnd
    }

    /// Exponential backoff, counted from the last failure.
    private func waitForBackoff() async throws {
        guard failures > 0, let timeSinceFailure else { return }
        let wait = min(Self.backoffMax, Self.backoff * (1 << min(failures - 1, 10)))
        let left = wait - timeSinceFailure()
        if left > .zero { try await place.clock.sleep(for: left) }
    }

    // MARK: The list of tools

    private var listFailure: MCPFailure { MCPFailure(tool: "tools/list", server: launch.server, effect: .read) }

    private typealias ToolsByName = [String: MCPToolDescription]

    private func listTools(_ connection: MCPConnection, _ timeout: Duration) async throws -> ToolsByName {
        var tools: ToolsByName = [:]
        var cursors: Set<JSON> = []
        var parameters: OrderedDictionary<String, JSON> = [:]
        while true {
            let page: JSON
            switch try await connection.request("tools/list", parameters, timeout: timeout) {
            case .success(let result): page = result
            case .failure(let error): throw listFailure.refused(error)
            }
            for json in page["tools"]?.array ?? [] {
                if let tool = MCPToolDescription(json, of: launch.server) { tools[tool.name] = tool }
            }
            guard let cursor = page["nextCursor"], !cursor.isNull else { break }
            if !cursors.insert(cursor).inserted || cursors.count > Self.pagesMax || tools.count > Self.toolsMax {
                throw Failure(.permanent, "the MCP server \(launch.server) lists its tools without end")
            }
            parameters = ["cursor": cursor]
        }
        for case (let name, let fault?) in tools.map({ ($0, $1.unsupported) }) where reported.insert(name).inserted {
            let reason = "its schema is not supported here: \(fault)"
            let sentence = "arguments of \(launch.server).\(name) are checked by the server only: \(reason)"
            place.logger.notice("\(CommandFailure.quoted(sentence, CommandFailure.quoteMax))")
        }
        return tools
    }
}
