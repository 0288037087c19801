package import Documents
import Jobs

/// An assistant's turn as its server sent it, with its reasoning, signatures and unknown members.
///
/// It is sent back to the same model; another model gets only its text and calls.
package struct RawAssistantMessage: Sendable, Equatable {
    /// The provider and the name of the model that wrote it, as the provider knows it.
    package var author: String
    /// A message in the form of the provider's API.
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
        let provider = Providers.http.first { author.hasPrefix($0.author("")) }
        return provider?.reasoning(of: message) ?? ReasoningText.of(message)
    }
}
