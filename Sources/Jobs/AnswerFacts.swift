/// What is known of a model's answer besides what it says.
package struct AnswerFacts: Sendable, Equatable {
    /// Why the answer ended, as the provider says it.
    package var finishReason: String?
    /// Whether it was cut at a limit and kept nevertheless.
    package var isTruncated = false
    /// What a person should know of it, as one sentence without its full stop.
    package var note: String?
    /// What the model thought before it answered; no part of the answer.
    package var reasoning: String?

    package init() {}

    package init(finishReason: String?, isTruncated: Bool = false, note: String? = nil, reasoning: String? = nil) {
        (self.finishReason, self.isTruncated, self.note) = (finishReason, isTruncated, note)
        self.reasoning = reasoning
    }

    /// Adds a sentence to the note.
    package mutating func add(note text: String) { note = note.map { "\($0); \(text)" } ?? text }
}
