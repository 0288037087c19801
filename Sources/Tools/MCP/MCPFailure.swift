import Jobs

/// The ways in which a call of a server's tool fails, in words and by class.
struct MCPFailure {
    /// Characters of a tool's own words that a message quotes: models read them.
    static let toldMax = 4_000

    /// The tool, or the method, that was called.
    var tool: String
    var server: String
    var effect: Effect

    /// What may have happened is repeated only where the effect allows it.
    private func interrupted(_ loss: MCPLoss) -> FailureClass {
        loss.mayBeRead && effect == .write ? .unknown : .temporary
    }

    func lost(_ loss: MCPLoss) -> Failure {
        switch loss.reason {
        case .noAnswer(let timeout):
            Failure(
                interrupted(loss),
                "\(tool): the MCP server \(server) did not answer within \(timeout.text)",
                hint: "raise the \"timeout\" of the tool or of the server"
            )
        case .ended(let reason):
            Failure(
                interrupted(loss),
                "\(tool): the MCP server \(server) "
                    + (loss.mayBeRead ? "ended before it answered" : "ended before it was asked") + ": \(reason)",
                hint: loss.mayBeRead ? "look whether it did its work" : nil
            )
        case .notStarted(let failure): failure
        }
    }

    /// An answer that the call itself was wrong, or that the server failed.
    func refused(_ error: MCPError) -> Failure {
        Failure(
            error.code == MCPError.internalError ? .temporary : .permanent,
            "\(tool): the MCP server \(server) refuses: \(error.message) (\(error.code))"
        )
    }

    /// The tool ran, and says that it failed.
    func failed(_ text: String) -> Failure {
        let words = CommandFailure.quoted(text, Self.toldMax)
        return Failure(.permanent, "\(tool) failed" + (words.isEmpty ? "" : ": \(words)"))
    }

    func unusable(_ reason: String) -> Failure {
        Failure(.permanent, "\(tool): the MCP server \(server) \(reason)")
    }
}
