package import Jobs

/// What the configuration says about one tool of an MCP server.
package struct MCPToolSettings: Sendable, Equatable {
    /// Some are read elsewhere.
    package static let members = ["effect", "timeout"] + CommandToolSettings.policyMembers

    /// Nil when the server's annotations decide.
    package let effect: Effect?
    /// Of one call; nil for the server's.
    package let timeout: Duration?
    /// As it was written, with the members that are read elsewhere.
    package let json: JSON

    /// - Throws: ``DocumentError`` naming line, member and what was expected.
    package init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(Self.members)
        effect = try reader.choice("effect")
        timeout = try CommandToolSettings.timeout("timeout", reader)
        json = reader.value
    }
}
