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
        case .noAnswer(let silence):
            Failure(
                interrupted(loss),
                "\(tool): the MCP server \(server) \(silence.text)",
                hint: "raise the \"timeout\" of the tool or of the server; progress that the server reports "
                    + "extends it up to \"timeout_max\""
            )
        case .unusable(let reason):
            // It would answer the same again.
            Failure(
                effect == .write ? .unknown : .permanent,
                "\(tool): the MCP server \(server) gave an answer that cannot be used: \(reason)",
                hint: effect == .write ? "look whether it did its work" : nil
            )
        case .tooLong(let count):
            Failure(
                .permanent,
                "\(tool): the answer of the MCP server \(server) has \(count) bytes; the limit is "
                    + "\(MCPConnection.lineMax)",
                hint: "let the tool answer with less, or write a file and answer with its name"
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
            "\(tool): the MCP server \(server) refuses: \(error.text)"
        )
    }

    /// The tool ran, and says that it failed.
    func failed(_ text: String) -> Failure {
        let words = CommandFailure.quoted(text, Self.toldMax)
        return Failure(.permanent, "\(tool) failed" + (words.isEmpty ? "" : ": \(words)"))
    }

    /// The tool did not come to its end, and would not the next time.
    func unfinished(_ reason: String) -> Failure {
        Failure(.permanent, "\(tool): the MCP server \(server) \(reason)")
    }

    /// The tool ran, and said nothing that can be used; it would say the same again.
    func unusable(_ reason: String) -> Failure {
        lost(MCPLoss(.unusable(reason), mayBeRead: true))
    }
}
