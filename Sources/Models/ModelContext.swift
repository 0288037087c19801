package import Jobs

/// How long a conversation may become that is sent to a model: of a longer one the oldest answers of tools are left out.
package struct ModelContext: Sendable, Equatable {
    static let keepDefault = 2

    /// Tokens of a request, a token for three bytes.
    package let limit: Int
    /// So many of the last answers of tools are never left out.
    package let keep: Int

    /// Reads `limit` and `keep`.
    package init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["limit", "keep"])
        guard let limit = try reader.int("limit", in: 1_000...1_000_000_000) else {
            throw reader.error(nil, "limit is missing: how many tokens a request may have, such as 32000")
        }
        self.limit = limit
        keep = try reader.int("keep", in: 0...1_000) ?? Self.keepDefault
    }

    package var json: JSON { ["limit": .int(Int64(limit)), "keep": .int(Int64(keep))] }

    /// The messages with as many answers of tools left out as bring a request of so many bytes to the limit, the oldest
    /// first; nil where it is short enough, or nothing can be left out. The same messages always give the same.
    func shortened(_ messages: [ChatMessage], in requestBytes: Int) -> [ChatMessage]? {
        var excess = requestBytes - limit * 3
        var shorter = messages
        let answers = messages.indices.filter { messages[$0].role == .tool }
        for index in answers.dropLast(keep) where excess > 0 {
            let note = Self.note(messages[index].content.utf8.count)
            let saved = messages[index].content.utf8.count - note.utf8.count
            if saved <= 0 { continue }
            shorter[index].content = note
            excess -= saved
        }
        return shorter == messages ? nil : shorter
    }

    private static func note(_ bytes: Int) -> String {
        "[this answer of \(bytes) bytes was left out later, because the conversation became too long; "
            + "call the tool again if it is needed]"
    }
}
