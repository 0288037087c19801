import Documents
import OrderedCollections
import Tools

/// What a request of HTTP says about its message besides the body (MCP 2026-07-28, transports).
struct MCPHeaders: Sendable {
    /// MCP-Protocol-Version.
    var version: String?
    /// Mcp-Method.
    var method: String?
    /// Mcp-Name.
    var name: String?
}

/// A request of a client of MCP, read and checked; notifications and answers of clients are none.
struct MCPCall: Sendable {
    /// A string or a whole number, given back as it came.
    let id: JSON
    let method: String
    let parameters: OrderedDictionary<String, JSON>
    let version: MCPProtocolVersion

    private static let versionMember = "io.modelcontextprotocol/protocolVersion"
    private static let capabilitiesMember = "io.modelcontextprotocol/clientCapabilities"
    static let tasksExtension = "io.modelcontextprotocol/tasks"
    /// Before a legacy client has said its version, it is this one (MCP 2025-06-18, transports).
    private static let silentVersion = "2025-03-26"
    /// The parameter that Mcp-Name repeats, by method.
    private static let named = [
        "tools/call": "name", "prompts/get": "name", "resources/read": "uri", "tasks/get": "taskId",
        "tasks/update": "taskId", "tasks/cancel": "taskId",
    ]

    /// The call that a message is; nil for one that gets no answer.
    ///
    /// - Throws: `MCPError` for what is no message of JSON-RPC, or breaks the rules of its version.
    static func read(_ message: JSON, _ headers: MCPHeaders) throws(MCPError) -> MCPCall? {
        guard let object = message.object, object["jsonrpc"] == "2.0" else {
            throw MCPError(MCPError.invalidRequest, "a message is an object with \"jsonrpc\": \"2.0\"")
        }
        guard let method = object["method"] else {
            if object["result"] != nil || object["error"] != nil { return nil }
            throw MCPError(MCPError.invalidRequest, "a message has a method, a result or an error")
        }
        guard let method = method.string else { throw MCPError(MCPError.invalidRequest, "the method is no string") }
        guard let id = object["id"] else { return nil }
        switch id {
        case .string, .int: break
        default: throw MCPError(MCPError.invalidRequest, "an id is a string or a whole number, not \(id.kindName)")
        }
        let parameters = object["params"].flatMap { $0.isNull ? nil : $0 } ?? [:]
        guard let members = parameters.object else {
            throw MCPError(MCPError.invalidParameters, "the params are an object, not \(parameters.kindName)")
        }
        let version = try version(method, members, headers)
        return MCPCall(id: id, method: method, parameters: members, version: version)
    }

    private static func version(
        _ method: String,
        _ parameters: OrderedDictionary<String, JSON>,
        _ headers: MCPHeaders
    ) throws(MCPError) -> MCPProtocolVersion {
        let meta = parameters["_meta"]
        guard let claim = meta?[versionMember] else {
            guard let version = headers.version else { return .legacy(silentVersion) }
            if MCPProtocolVersion.legacyVersions.contains(version) { return .legacy(version) }
            guard MCPProtocolVersion.modernVersions.contains(version) else { throw unsupported(version) }
            throw MCPError(MCPError.invalidParameters, "params._meta has no \"\(versionMember)\"")
        }
        guard let version = claim.string, meta?[capabilitiesMember]?.object != nil else {
            let wanted = "a string \"\(versionMember)\" and an object \"\(capabilitiesMember)\""
            throw MCPError(MCPError.invalidParameters, "params._meta needs \(wanted)")
        }
        guard headers.version == version else {
            throw mismatch("MCP-Protocol-Version", headers.version, "params._meta", version)
        }
        guard headers.method == method else { throw mismatch("Mcp-Method", headers.method, "method", method) }
        if let member = named[method], let value = parameters[member]?.string, decoded(headers.name) != value {
            throw mismatch("Mcp-Name", headers.name, "params.\(member)", value)
        }
        guard MCPProtocolVersion.modernVersions.contains(version) else { throw unsupported(version) }
        return .modern(version)
    }

    private static func mismatch(_ header: String, _ sent: String?, _ place: String, _ said: String) -> MCPError {
        let sent = sent.map { "is \"\($0)\"" } ?? "is missing"
        return MCPError(MCPError.headerMismatch, "the header \(header) \(sent), and \(place) says \"\(said)\"")
    }

    private static func unsupported(_ version: String) -> MCPError {
        MCPError(
            MCPError.unsupportedVersion,
            "Unsupported protocol version",
            data: ["supported": .array(supportedVersions), "requested": .string(version)]
        )
    }

    static var supportedVersions: [JSON] {
        (MCPProtocolVersion.modernVersions + MCPProtocolVersion.legacyVersions).map(JSON.string)
    }

    /// Text that no field of HTTP can carry comes as `=?base64?…?=`; nil when that cannot be read.
    private static func decoded(_ header: String?) -> String? {
        guard let header, header.hasPrefix("=?base64?"), header.hasSuffix("?="), header.utf8.count >= 11 else {
            return header
        }
        let data = MCPData(base64: String(header.dropFirst(9).dropLast(2)), mimeType: nil)
        return data.bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }

    // MARK: What it says

    var isModern: Bool { if case .modern = version { true } else { false } }

    var meta: JSON { parameters["_meta"] ?? .null }

    /// Whether the client takes a task in the place of a result, as it says with each request.
    var speaksTasks: Bool {
        isModern
            ? meta[Self.capabilitiesMember]?["extensions"]?[Self.tasksExtension]?.object != nil
            : parameters["task"]?.object != nil
    }

    /// The parameter of a name.
    ///
    /// - Throws: `MCPError` when it is not there or no string.
    func string(_ name: String) throws(MCPError) -> String {
        guard let text = parameters[name]?.string else {
            throw MCPError(MCPError.invalidParameters, "\(method) needs a string params.\(name)")
        }
        return text
    }
}
