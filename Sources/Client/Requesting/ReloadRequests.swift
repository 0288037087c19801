package import Daemon
import Documents
import Jobs
import Spool

/// Asks daemons to read their configuration again, and waits for their answers.
package struct ReloadRequests: Sendable {
    /// A request that was written into `control/`.
    package struct Asked: Sendable {
        package let node: String
        /// The request's file in `control/`.
        fileprivate let file: String
    }

    /// How long to wait for an answer: longer than the daemon waits for a writer of the file and then reads many
    /// histories.
    private static let patience: Duration = .seconds(60)

    private let client: SpoolClient

    package init(_ client: SpoolClient) { self.client = client }

    /// Asks a node's daemon, or all that run.
    ///
    /// - Throws: ``ClientError`` (unavailable) when it does not run, or none does; `SpoolError`.
    package func ask(_ node: String? = nil) throws -> [Asked] {
        let spool = client.spool
        let living = try NodeLock.nodes(of: spool).filter(\.isAlive).map(\.node)
        let nodes = node.map { [$0] } ?? living
        guard !nodes.isEmpty, nodes.allSatisfy(living.contains) else {
            throw ClientError(
                "no daemon is running on \(spool.path)\(node.map { " as node \($0)" } ?? ""); one that starts reads the "
                    + "configuration as it is then",
                .unavailable
            )
        }
        return try nodes.map { node in
            Asked(node: node, file: try ReloadRequest(node: node).submit(to: spool, id: client.identifiers.next()))
        }
    }

    /// Waits for the answer to a request.
    ///
    /// - Throws: ``ClientError``: the daemon gave none (temporary), or ended before (unavailable); `SpoolError`.
    package func answer(to asked: Asked) async throws -> ReloadAnswer {
        let (spool, node, file) = (client.spool, asked.node, asked.file)
        let polling = Polling(clock: client.clock, pause: .milliseconds(20), patience: Self.patience)
        let answer = try await polling.first { () -> ReloadAnswer? in
            // Checked before the answer is read: the daemon writes the answer before it removes the request.
            let isSettled = try !spool.fileSystem.exists(file, in: spool.directory(SpoolLayout.control))
            if let json = try ReloadAnswers.answer(to: file, of: node, in: spool), let answer = ReloadAnswer(json) {
                return answer
            }
            if isSettled {
                throw ClientError("the daemon of node \(node) gave no answer; see its log", .temporary)
            }
            guard try NodeLock.nodes(of: spool).contains(where: { $0.node == node && $0.isAlive }) else {
                _ = try? ControlRequest.remove(file, in: spool)
                throw ClientError(
                    "the daemon of node \(node) ended before it answered; its next start reads the configuration",
                    .unavailable
                )
            }
            return nil
        }
        if let answer { return answer }
        throw ClientError("the daemon of node \(node) has not answered yet; see its log", .temporary)
    }
}
