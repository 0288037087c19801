import Documents
import HTTPTypes
import OrderedCollections
import Tools

/// What a POST to `/mcp` is answered with.
struct MCPAnswer: Sendable, Equatable {
    var status: HTTPResponse.Status
    /// Nil for a message that gets no answer.
    var body: JSON?
}

/// Answers messages of MCP, of both eras, without any state: every request says by itself what it needs.
struct MCPFace: Sendable {
    let toolbox: any MCPToolbox

    /// The most messages of a batch, which only the version 2025-03-26 has.
    private static let batchMax = 100
    /// How long clients may keep a list of tools, in milliseconds; a reload changes it.
    private static let freshness: JSON = 10_000

    /// Answers one text of a client: a message, or a batch.
    ///
    /// - Throws: `CancellationError`; all else is an answer.
    func answer(to text: [UInt8], _ headers: MCPHeaders) async throws -> MCPAnswer {
        let message: JSON
        do throws(JSONSyntaxError) {
            message = try JSONParser.parse(text)
        } catch {
            return Self.refusal(.null, MCPError(MCPError.parseError, "it is no JSON: \(error)"))
        }
        guard let batch = message.array, !MCPProtocolVersion.modernVersions.contains(headers.version ?? "") else {
            return try await answer(to: message, headers)
        }
        guard (1...Self.batchMax).contains(batch.count) else {
            let reason = "a batch has 1 to \(Self.batchMax) messages, not \(batch.count)"
            return Self.refusal(.null, MCPError(MCPError.invalidRequest, reason))
        }
        let bodies = try await withThrowingTaskGroup(of: BatchAnswer.self) { group in
            for (index, message) in batch.enumerated() {
                group.addTask { BatchAnswer(index: index, body: try await answer(to: message, headers).body) }
            }
            return try await group.reduce(into: [BatchAnswer]()) { $0.append($1) }
        }
        let answers = bodies.sorted { $0.index < $1.index }.compactMap(\.body)
        return answers.isEmpty ? MCPAnswer(status: .accepted) : MCPAnswer(status: .ok, body: .array(answers))
    }

    /// The answer to one message of a batch.
    private struct BatchAnswer: Sendable {
        var index: Int
        /// Nil for a notification.
        var body: JSON?
    }

    private func answer(to message: JSON, _ headers: MCPHeaders) async throws -> MCPAnswer {
        let call: MCPCall
        do throws(MCPError) {
            guard let read = try MCPCall.read(message, headers) else { return MCPAnswer(status: .accepted) }
            call = read
        } catch {
            return Self.refusal(message["id"] ?? .null, error)
        }
        do {
            let result = try await result(of: call)
            let body: JSON = ["jsonrpc": "2.0", "id": call.id, "result": call.isModern ? Self.modern(result) : result]
            return MCPAnswer(status: .ok, body: body)
        } catch let error as MCPError {
            return Self.failure(call, error)
        } catch let error as CancellationError {
            throw error
        } catch {
            return Self.failure(call, MCPError(MCPError.internalError, Problem(error).detail))
        }
    }

    /// What breaks the rules of the protocol is no request that HTTP could call good.
    private static func refusal(_ id: JSON, _ error: MCPError) -> MCPAnswer {
        let isID = id.string != nil || id.int != nil
        return MCPAnswer(
            status: .badRequest,
            body: ["jsonrpc": "2.0", "id": isID ? id : .null, "error": error.json]
        )
    }

    private static func failure(_ call: MCPCall, _ error: MCPError) -> MCPAnswer {
        let status: HTTPResponse.Status =
            switch (call.isModern, error.code) {
            case (true, MCPError.methodNotFound): .notFound
            case (true, MCPError.missingClientCapability): .badRequest
            default: .ok
            }
        return MCPAnswer(status: status, body: ["jsonrpc": "2.0", "id": call.id, "error": error.json])
    }

    /// What every result of the modern era has.
    private static func modern(_ result: JSON) -> JSON {
        var members = result.object ?? [:]
        if members["resultType"] == nil { members["resultType"] = "complete" }
        members["_meta"] = ["io.modelcontextprotocol/serverInfo": MCPProtocolVersion.implementation]
        return .object(members)
    }

    // MARK: Methods

    private func result(of call: MCPCall) async throws -> JSON {
        let tasks = MCPTasks(toolbox: toolbox, call: call)
        switch (call.method, call.isModern) {
        case ("server/discover", true): return Self.discovered
        case ("initialize", false): return try Self.initialized(call)
        case ("ping", false): return [:]
        case ("tools/list", _): return try list(call)
        case ("tools/call", _): return try await MCPToolCall(toolbox: toolbox, call: call).result()
        case ("tasks/get", _): return try await tasks.get()
        case ("tasks/cancel", _): return try await tasks.cancel()
        case ("tasks/update", true): return try await tasks.update()
        case ("tasks/result", false): return try await tasks.result()
        default: throw MCPError(MCPError.methodNotFound, "Method not found: \(call.method)")
        }
    }

    private static let instructions = """
        Each workflow of this AgentSpool is a tool, and each call of one is a job that is on disk before it runs. A call that \
        takes long, or that waits for a person, is answered with the job's id: job_status says where it is, and job_result \
        gives its output. A call whose answer was lost may have made a job: list_jobs shows it.
        """

    private static var discovered: JSON {
        [
            "supportedVersions": .array(MCPCall.supportedVersions),
            "capabilities": ["tools": [:], "extensions": ["io.modelcontextprotocol/tasks": [:]]],
            "instructions": .string(instructions), "ttlMs": freshness, "cacheScope": "private",
        ]
    }

    private static func initialized(_ call: MCPCall) throws(MCPError) -> JSON {
        let asked = try call.string("protocolVersion")
        let newest = MCPProtocolVersion.legacyVersions[0]
        let version = MCPProtocolVersion.legacyVersions.contains(asked) ? asked : newest
        let tasks: JSON = ["cancel": [:], "requests": ["tools": ["call": [:]]]]
        return [
            "protocolVersion": .string(version),
            "capabilities": JSON(members: [("tools", [:]), ("tasks", version == newest ? tasks : nil)]),
            "serverInfo": MCPProtocolVersion.implementation, "instructions": .string(instructions),
        ]
    }

    private func list(_ call: MCPCall) throws(MCPError) -> JSON {
        if let cursor = call.parameters["cursor"], !cursor.isNull {
            throw MCPError(MCPError.invalidParameters, "the list has one page, and \(cursor.text) is no cursor of it")
        }
        let tools = JSON.array(toolbox.tools.map(\.json))
        return call.isModern ? ["tools": tools, "ttlMs": Self.freshness, "cacheScope": "private"] : ["tools": tools]
    }
}
