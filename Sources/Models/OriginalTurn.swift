package import Jobs

/// An assistant's turn as its server sent it: thoughts, signatures and members that this program does not know
/// included. The same model reads it again; others are sent what they understand of it.
package struct OriginalTurn: Sendable, Equatable {
    /// The form and the name of the model that wrote it, as its provider knows it.
    package var author: String
    /// A message of chat completions, or of the Messages API.
    package var message: JSON

    package init(author: String, message: JSON) { (self.author, self.message) = (author, message) }

    /// Reads what ``json`` wrote; nil for anything else.
    package init?(json: JSON?) {
        guard let author = json?["author"]?.string, let message = json?["message"], message.object != nil else {
            return nil
        }
        self.init(author: author, message: message)
    }

    /// As a history keeps it.
    package var json: JSON { ["author": .string(author), "message": message] }

    /// What the model thought in it; empty where it did not say.
    package var reasoning: String {
        let content = message["content"]
        let blocks = content?.array ?? []
        let inside = MessageContent(.array(blocks)).reasoning
        if !inside.isEmpty { return inside }
        let beside = ReasoningText.beside(message)
        return beside.isEmpty ? content?.string.map { ThinkingTags($0).reasoning } ?? "" : beside
    }
}
