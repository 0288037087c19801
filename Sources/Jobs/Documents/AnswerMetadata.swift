/// Facts about a model's answer besides its text.
package struct AnswerMetadata: Sendable, Equatable {
    /// Why the answer ended, in the provider's words.
    package var finishReason: String?
    /// Whether the answer was cut at a limit and kept anyway.
    package var isTruncated = false
    /// What a person should know about the answer, as one sentence without its full stop.
    package var note: String?
    /// The model's reasoning before its answer; not part of the answer.
    package var reasoning: String?

    package init() {}

    package init(finishReason: String?, isTruncated: Bool = false, note: String? = nil, reasoning: String? = nil) {
        (self.finishReason, self.isTruncated, self.note) = (finishReason, isTruncated, note)
        self.reasoning = reasoning
    }

    /// Adds a sentence to the note.
    package mutating func add(note text: String) { note = note.map { "\($0); \(text)" } ?? text }
}
