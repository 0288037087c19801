import Documents
import Jobs

/// Gives each call of a conversation a unique id when the server sent none or a duplicate.
struct ToolCallIDs {
    private var taken: Set<String>
    private var next: Int

    /// - Parameter messages: The conversation so far, whose ids are taken.
    init(after messages: [ChatMessage]) {
        let calls = messages.flatMap(\.toolCalls)
        taken = Set(calls.map(\.id))
        next = calls.count + 1
    }

    /// The server's id if it sent one that no other call has, else a new id.
    mutating func id(_ given: JSON?) -> String {
        if let text = given?.string ?? given?.int.map(String.init), !text.isEmpty, taken.insert(text).inserted {
            return text
        }
        var made: String
        repeat {
            made = Self.made(next)
            next += 1
        } while !taken.insert(made).inserted
        return made
    }

    /// Nine letters and digits: Mistral accepts no other ids, and all servers accept these.
    private static func made(_ number: Int) -> String {
        let digits = String(number)
        return "call" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
