import Documents
import Jobs

/// Builds the failures of a call of a server's tool, with class and message.
struct MCPFailure {
    /// The most characters of a tool's own words in a message: models read them.
    static let toldMax = 4_000

    /// The tool, or the method, that was called.
    var tool: String
    var server: String
    var effect: Effect

    /// A call that may have happened is repeated only when its effect allows that.
    private func interrupted(_ loss: MCPRequestError) -> FailureClass {
        loss.mayBeRead && effect == .write ? .unknown : .temporary
    }

    func lost(_ loss: MCPRequestError) -> Failure {
        switch loss.reason {
        case .noAnswer(let silence):
            Failure(
                interrupted(loss),
                "\(tool): the MCP server \(server) \(silence.text)",
                hint: "raise the \"timeout\" of the tool or of the server; progress that the server reports "
                    + "extends it up to \"timeout_max\""
            )
        case .unusable(let reason):
            // The server would answer the same again.
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

    /// The server answered that the call was wrong, or that the server itself failed.
    func refused(_ error: MCPError) -> Failure {
        Failure(
            error.code == MCPError.internalError ? .temporary : .permanent,
            "\(tool): the MCP server \(server) refuses: \(error.text)"
        )
    }

    /// The tool ran, and says that it failed.
    func failed(_ text: String) -> Failure {
        let words = CommandFailureBuilder.quoted(text, Self.toldMax)
        return Failure(.permanent, "\(tool) failed" + (words.isEmpty ? "" : ": \(words)"))
    }

    /// The tool did not finish, and would not the next time.
    func unfinished(_ reason: String) -> Failure {
        Failure(.permanent, "\(tool): the MCP server \(server) \(reason)")
    }

    /// The tool ran, but its result cannot be used; the next one would be the same.
    func unusable(_ reason: String) -> Failure {
        lost(MCPRequestError(.unusable(reason), mayBeRead: true))
    }
}
