package import Documents
import Jobs
import OrderedCollections

/// Which of the protocol's two dialects a server or a client speaks, and in which version.
///
/// Source: MCP 2026-07-28 (modern: no handshake, every request explains itself) and 2025-11-25 (legacy: `initialize`).
package enum MCPProtocolVersion: Sendable, Equatable {
    case modern(String)
    case legacy(String)

    package static let modernVersions = ["2026-07-28"]
    /// The newest first.
    package static let legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"]

    static let newestModern = modern(modernVersions[0])
    static let newestLegacy = legacy(legacyVersions[0])

    /// How this program names itself, as a client and as a server.
    package static let implementation: JSON = ["name": "agentspool", "version": "1"]

    /// The best of the versions that a server names; nil when none of them is known here.
    init?(amongst versions: [String]) {
        if let version = Self.modernVersions.first(where: versions.contains) {
            self = .modern(version)
        } else if let version = Self.legacyVersions.first(where: versions.contains) {
            self = .legacy(version)
        } else {
            return nil
        }
    }

    /// A request's parameters with what this era wants in all of them.
    func parameters(_ parameters: OrderedDictionary<String, JSON>) -> JSON {
        guard case .modern(let version) = self else { return .object(parameters) }
        var meta = parameters["_meta"]?.object ?? [:]
        meta["io.modelcontextprotocol/protocolVersion"] = .string(version)
        // None: an unattended client has no user to ask.
        meta["io.modelcontextprotocol/clientCapabilities"] = [:]
        meta["io.modelcontextprotocol/clientInfo"] = Self.implementation
        var parameters = parameters
        parameters["_meta"] = .object(meta)
        return .object(parameters)
    }
}
