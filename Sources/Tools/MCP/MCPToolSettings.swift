package import Jobs

/// What the configuration says about one tool of an MCP server.
package struct MCPToolSettings: Sendable, Equatable {
    /// Some are read elsewhere.
    package static let members = ["effect", "timeout", "timeout_max", "answer_max"] + CommandToolSettings.policyMembers

    /// Nil when the server's annotations decide.
    package let effect: Effect?
    /// Of one call; nil for the server's.
    package let timeout: Duration?
    /// Of one call of which the server reports progress; nil for the server's.
    package let timeoutMax: Duration?
    /// Bytes of an answer that a model is told; nil for the standard.
    package let answerMax: Int?
    /// As it was written, with the members that are read elsewhere.
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
