import Documents
import Jobs
import OrderedCollections

/// Finds out which era a server speaks, and initializes a legacy server.
///
/// Source: MCP 2026-07-28, versioning, stdio: ask `server/discover`; a modern answer or a modern error means modern;
/// anything else, silence too, means legacy.
struct MCPHandshake {
    let connection: MCPConnection
    /// The server's `start_timeout`, counted from its last sign of life.
    let timeout: Duration

    private enum Discovery {
        case era(MCPProtocolVersion)
        case refused, silent
    }

    /// The longest start of a process that keeps writing, unless `timeout` is longer.
    ///
    /// Package runners first download what they run, and report that on standard error.
    static let startMax = Duration.seconds(5 * 60)

    private var patience: MCPTimeout { .life(timeout, atMost: Self.startMax) }

    /// - Parameter known: The era that an earlier start of the same server found.
    /// - Throws: ``MCPRequestError``, ``Failure`` when no version is known on both sides, `CancellationError`.
    func era(known: MCPProtocolVersion?) async throws -> MCPProtocolVersion {
        if case .legacy = known { return try await greetedElseDiscovered() }
        let isKnown = known != nil
        // Signs of life do not extend this wait: a legacy server may write log lines and still wait for `initialize`.
        switch try await discover(isKnown ? patience : .atMost(timeout / 3)) {
        case .era(let era): return try await taken(era)
        case .refused: return try await greeted()
        case .silent where isKnown:
            throw MCPRequestError(.noAnswer(MCPRequestError.Silence(timeout: timeout)), mayBeRead: false)
        case .silent: return try await greetedElseDiscovered()
        }
    }

    /// Initializes a server that seems to be legacy; it may also be a modern one that was slow or has failed otherwise.
    private func greetedElseDiscovered() async throws -> MCPProtocolVersion {
        do {
            return try await greeted()
        } catch let refusal as Failure {
            guard case .era(let era) = try await discover(.atMost(timeout / 3)) else { throw refusal }
            return try await taken(era)
        }
    }

    private func taken(_ era: MCPProtocolVersion) async throws -> MCPProtocolVersion {
        connection.era = era
        if case .legacy(let version) = era { return try await greeted(version) }
        return era
    }

    private func discover(_ patience: MCPTimeout) async throws -> Discovery {
        connection.era = .newestModern
        let answer: Result<JSON, MCPError>
        do {
            answer = try await connection.request("server/discover", [:], patience, isCancellable: false)
        } catch let loss as MCPRequestError {
            switch loss.reason {
            case .noAnswer: return .silent
            // A legacy server does not know the method.
            case .unusable: return .refused
            default: throw loss
            }
        }
        switch answer {
        case .success(let result):
            guard let versions = result["supportedVersions"]?.array else { return .refused }
            return .era(try agreed(versions))
        case .failure(let error) where MCPError.modernCodes.contains(error.code):
            guard let versions = error.data?["supported"]?.array else { return .era(.newestModern) }
            return .era(try agreed(versions))
        case .failure: return .refused
        }
    }

    private func agreed(_ versions: [JSON]) throws(Failure) -> MCPProtocolVersion {
        let versions = versions.compactMap(\.string)
        guard let era = MCPProtocolVersion(amongst: versions) else { throw unknown(versions) }
        return era
    }

    private func unknown(_ versions: [String]) -> Failure {
        let named = CommandFailureBuilder.quoted(versions.joined(separator: ", "), CommandFailureBuilder.quoteMax)
        return Failure(
            .permanent,
            "the MCP server \(connection.start.server) speaks no version of the protocol that is known here: \(named)",
            hint:
                "known are \((MCPProtocolVersion.modernVersions + MCPProtocolVersion.legacyVersions).joined(separator: ", "))"
        )
    }

    /// The legacy handshake.
    private func greeted(_ version: String = MCPProtocolVersion.legacyVersions[0]) async throws -> MCPProtocolVersion {
        connection.era = .legacy(version)
        let parameters: OrderedDictionary<String, JSON> = [
            "protocolVersion": .string(version), "capabilities": [:], "clientInfo": MCPProtocolVersion.implementation,
        ]
        switch try await connection.request("initialize", parameters, patience, isCancellable: false) {
        case .success(let result):
            // A server that names no version is taken to speak the requested one.
            let answered = result["protocolVersion"]?.string ?? version
            guard MCPProtocolVersion.legacyVersions.contains(answered) else { throw unknown([answered]) }
            connection.era = .legacy(answered)
            connection.notify("notifications/initialized")
            return .legacy(answered)
        case .failure(let error):
            throw Failure(
                .permanent,
                "the MCP server \(connection.start.server) refuses to be initialized: \(error.text)"
            )
        }
    }
}
