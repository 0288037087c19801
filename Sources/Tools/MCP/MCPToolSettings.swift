package import Documents
package import Jobs

/// What the configuration says about one tool of an MCP server.
package struct MCPToolSettings: Sendable, Equatable {
    /// Other modules read the policy members.
    package static let members = ["effect", "timeout", "timeout_max", "answer_max"] + CommandToolSettings.policyMembers

    /// Nil when the server's annotations decide.
    package let effect: Effect?
    /// The timeout of one call; nil for the server's.
    package let timeout: Duration?
    /// The longest time of a call for which the server reports progress; nil for the server's.
    package let timeoutMax: Duration?
    /// Limit of an answer to a model, in bytes; nil for ``AnswerLimit/standard``.
    package let answerMax: Int?
    /// The settings as they were written, with the policy members.
    package let json: JSON

    /// - Throws: ``DocumentError`` naming line, member and what was expected.
    package init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(Self.members)
        effect = try reader.choice("effect")
        timeout = try CommandToolSettings.timeout("timeout", reader)
        timeoutMax = try CommandToolSettings.timeout("timeout_max", reader)
        answerMax = try CommandToolSettings.answerMax(reader)
        json = reader.value
    }
}
