import Jobs
import OrderedCollections

/// Finds out which era a server speaks, and greets one that wants to be greeted.
///
/// Source: MCP 2026-07-28, versioning, stdio: ask `server/discover`; a modern answer or a modern error means modern;
/// anything else, silence too, means legacy.
struct MCPHandshake {
    let connection: MCPConnection
    let timeout: Duration

    private enum Discovery {
        case era(MCPEra)
        case refused, silent
    }

    /// - Parameter known: What the same server said before.
    /// - Throws: ``MCPLoss``, ``Failure`` when no version is spoken on both sides, `CancellationError`.
    func era(known: MCPEra?) async throws -> MCPEra {
        if case .legacy = known { return try await greetedElseDiscovered(within: timeout) }
        let isKnown = known != nil
        switch try await discover(within: isKnown ? timeout : timeout / 3) {
        case .era(let era): return try await taken(era)
        case .refused: return try await greeted(within: timeout)
        case .silent where isKnown: throw MCPLoss(.noAnswer(within: timeout), mayBeRead: false)
        case .silent: return try await greetedElseDiscovered(within: timeout - timeout / 3)
        }
    }

    /// Greets a server that seems to be legacy: it may also be a modern one that was slow, or died over something else.
    private func greetedElseDiscovered(within patience: Duration) async throws -> MCPEra {
        do {
            return try await greeted(within: patience)
        } catch let refusal as Failure {
            guard case .era(let era) = try await discover(within: timeout / 3) else { throw refusal }
            return try await taken(era)
        }
    }

    private func taken(_ era: MCPEra) async throws -> MCPEra {
        connection.era = era
        if case .legacy(let version) = era { return try await greeted(version, within: timeout) }
        return era
    }

    private func discover(within timeout: Duration) async throws -> Discovery {
        connection.era = .newestModern
        let answer: Result<JSON, MCPError>
        do {
            answer = try await connection.request("server/discover", timeout: timeout, isCancellable: false)
        } catch let loss as MCPLoss {
            if case .noAnswer = loss.reason { return .silent }
            throw loss
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

    private func agreed(_ versions: [JSON]) throws(Failure) -> MCPEra {
        let versions = versions.compactMap(\.string)
        guard let era = MCPEra(amongst: versions) else { throw unknown(versions) }
        return era
    }

    private func unknown(_ versions: [String]) -> Failure {
        let named = CommandFailure.quoted(versions.joined(separator: ", "), CommandFailure.quoteMax)
        return Failure(
            .permanent,
            "the MCP server \(connection.start.server) speaks no version of the protocol that is known here: \(named)",
            hint: "known are \((MCPEra.modernVersions + MCPEra.legacyVersions).joined(separator: ", "))"
        )
    }

    /// The legacy handshake.
    private func greeted(_ version: String = MCPEra.legacyVersions[0], within timeout: Duration) async throws -> MCPEra
    {
        connection.era = .legacy(version)
        let parameters: OrderedDictionary<String, JSON> = [
            "protocolVersion": .string(version), "capabilities": [:], "clientInfo": MCPEra.clientInfo,
        ]
        switch try await connection.request("initialize", parameters, timeout: timeout, isCancellable: false) {
        case .success(let result):
            let answered = result["protocolVersion"]?.string ?? ""
            guard MCPEra.legacyVersions.contains(answered) else { throw unknown([answered]) }
            connection.era = .legacy(answered)
            connection.notify("notifications/initialized")
            return .legacy(answered)
        case .failure(let error):
            throw Failure(
                .permanent,
                "the MCP server \(connection.start.server) refuses to be initialized: \(error.message) (\(error.code))"
            )
        }
    }
}
