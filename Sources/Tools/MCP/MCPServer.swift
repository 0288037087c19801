import Documents
import Jobs
import Logging
import OrderedCollections
import Threads

/// One MCP server: started when it is first needed, shared by all callers, started again when its process has ended.
package actor MCPServer {
    /// The most tools, and the most pages of them, that are taken from a server.
    static let toolsMax = 10_000
    static let pagesMax = 1_000

    let launch: MCPServerSettings.Launch
    let place: MCPServers.Place
    var connection: MCPConnection?
    /// The start that is under way.
    var starting: Starting?
    /// The number of all callers that ever waited for a start.
    var waitersCount = 0
    var isClosed = false
    /// The era that the last handshake found.
    var era: MCPProtocolVersion?
    private var list: (connection: MCPConnection, version: Int, tools: [String: MCPToolDescription])?
    /// What was logged about the tools.
    private var reported: Set<String> = []
    /// Failed starts and ended processes since the last answer to a call.
    var failures = 0
    /// The time since the last of them.
    var timeSinceFailure: Stopwatch?
    /// Why the last start failed; nil when it succeeded.
    var lastFailure: String?

    /// Whether the configuration in force lacks the server: then it runs only while calls need it.
    var isRetired: Bool
    /// Uses of the process that are under way.
    var uses = 0
    /// The callers that wait until there are none.
    var waitingForIdleness: [AsyncStream<Never>.Continuation] = []
    /// The retired process that is still ending.
    var leaving: MCPConnection?
    /// Servers whose calls must have ended before this one is started.
    var predecessors: [MCPServer] = []

    init(_ launch: MCPServerSettings.Launch, in place: MCPServers.Place, isRetired: Bool = false) {
        (self.launch, self.place, self.isRetired) = (launch, place, isRetired)
    }

    /// Its tools by name: the last list, unless the process has ended since or reported a change.
    ///
    /// - Parameter startPatience: How long to wait for a start; nil to wait until it ends.
    /// - Throws: ``Failure``, ``ToolNotReady`` when a start takes longer than that, `CancellationError`.
    func tools(timeout: Duration, startPatience: Duration?) async throws -> [String: MCPToolDescription] {
        // A retired server is not started only to send the same list again.
        if isRetired, let list { return list.tools }
        return try await use { try await currentTools(timeout, startPatience) }
    }

    private func currentTools(
        _ timeout: Duration,
        _ startPatience: Duration?
    ) async throws -> [String: MCPToolDescription] {
        var lost: MCPRequestError?
        for _ in 0..<Self.startsMax {
            let connection = try await openConnection(patience: startPatience)
            let version = connection.listVersion
            if let list, list.connection === connection, list.version == version { return list.tools }
            do {
                let tools = try await listTools(connection, timeout)
                list = (connection, version, tools)
                return tools
            } catch let loss as MCPRequestError {
                lost = loss
                // The server would answer the same again.
                if connection.isOpen, case .unusable = loss.reason { break }
            }
        }
        throw listFailure.lost(
            lost ?? MCPRequestError(.noAnswer(MCPRequestError.Silence(timeout: timeout)), mayBeRead: false)
        )
    }

    /// Calls a tool.
    ///
    /// - Throws: ``MCPRequestError``; ``Failure`` when the server cannot be started; `CancellationError`.
    func call(
        _ tool: String,
        _ arguments: JSON,
        idempotencyKey: String,
        _ patience: MCPTimeout
    ) async throws -> Result<JSON, MCPError> {
        try await use {
            let connection = try await openConnection(patience: nil)
            let answer = try await connection.request(
                "tools/call",
                [
                    "name": .string(tool), "arguments": arguments,
                    "_meta": ["agentspool/idempotency-key": .string(idempotencyKey)],
                ],
                patience
            )
            failures = 0
            return answer
        }
    }

    /// Ends the process; the server cannot be used any more.
    func close() async {
        isClosed = true
        if let task = starting?.task {
            task.cancel()
            await task.value
        }
        await connection?.close()
        await leaving?.ended()
    }

    // MARK: The list of tools

    private var listFailure: MCPFailure { MCPFailure(tool: "tools/list", server: launch.server, effect: .read) }

    private typealias ToolsByName = [String: MCPToolDescription]

    private func listTools(_ connection: MCPConnection, _ timeout: Duration) async throws -> ToolsByName {
        var tools: ToolsByName = [:]
        var cursors: Set<JSON> = []
        var parameters: OrderedDictionary<String, JSON> = [:]
        var twice: Set<String> = []
        while true {
            let page: JSON
            switch try await connection.request("tools/list", parameters, .atMost(timeout)) {
            case .success(let result): page = result
            case .failure(let error): throw listFailure.refused(error)
            }
            for json in page["tools"]?.array ?? [] {
                guard let tool = MCPToolDescription(json, of: launch.server) else { continue }
                if tools[tool.name] == nil { tools[tool.name] = tool } else { twice.insert(tool.name) }
            }
            // An empty cursor is the end: many servers write one, and client libraries take it so.
            guard let cursor = page["nextCursor"], !cursor.isNull, cursor != "" else { break }
            if !cursors.insert(cursor).inserted {
                report("", "names the same page of its list of tools again; what it has listed is taken")
                twice = []
                break
            }
            if cursors.count > Self.pagesMax || tools.count > Self.toolsMax {
                throw Failure(.permanent, "the MCP server \(launch.server) lists its tools without end")
            }
            parameters = ["cursor": cursor]
        }
        for name in twice {
            report(name, "lists the tool \(name) more than once; its first description is taken")
        }
        for case (let name, let fault?) in tools.map({ ($0, $1.unsupported) }) where reported.insert(name).inserted {
            let reason = "its schema is not supported here: \(fault)"
            let sentence = "arguments of \(launch.server).\(name) are checked by the server only: \(reason)"
            place.logger.notice("\(CommandFailureBuilder.quoted(sentence, CommandFailureBuilder.quoteMax))")
        }
        return tools
    }

    private func report(_ about: String, _ words: String) {
        guard reported.insert("twice \(about)").inserted else { return }
        place.logger.warning("the MCP server \(launch.server) \(words)")
    }
}
