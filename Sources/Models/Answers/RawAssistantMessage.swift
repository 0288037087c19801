package import Documents
import Jobs

/// An assistant's turn as its server sent it, with its reasoning, signatures and unknown members.
///
/// It is sent back to the same model; another model gets only its text and calls.
package struct RawAssistantMessage: Sendable, Equatable {
    /// The dialect and the name of the model that wrote it, as its provider knows it.
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

    /// The form that a history stores.
    package var json: JSON { ["author": .string(author), "message": message] }

    /// The model's reasoning; empty when there is none.
    package var reasoning: String {
        let content = message["content"]
        let blocks = content?.array ?? []
        let inside = MessageContent(.array(blocks)).reasoning
        if !inside.isEmpty { return inside }
        let beside = ReasoningText.beside(message)
        return beside.isEmpty ? content?.string.map { ReasoningTags($0).reasoning } ?? "" : beside
    }
}
