package import Documents
import Jobs

/// The length limit of a conversation that is sent to a model; a longer one loses its oldest tool results.
package struct ContextLimit: Sendable, Equatable {
    static let keepDefault = 2

    /// The most tokens in a request, estimated as one per three bytes.
    package let limit: Int
    /// How many of the last tool results are never left out.
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

    /// The messages without their oldest tool results, so that a request of `requestBytes` fits the limit.
    ///
    /// The same messages always give the same result.
    ///
    /// - Returns: Nil when the request is short enough, or when nothing can be left out.
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
