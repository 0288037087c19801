package import Documents
import Jobs
import OrderedCollections

/// The request members that a server has refused: they are left out, renamed, or sent in another form.
package struct UnsupportedParameters: Sendable, Equatable {
    /// One member that a server refused.
    package struct Refusal: Sendable, Equatable {
        /// The member's name in the request as it was sent.
        package var name: String
        /// The name that the server wants instead; nil when it names none.
        package var replacement: String?
    }

    /// Members that always stay, because the request would ask for something else without them.
    static let kept: Set<String> = ["model", "messages", "tools", "system"]
    /// The two names of the answer's limit, which is never left out because a budget relies on it.
    static let limits = ["max_tokens", "max_completion_tokens"]

    /// Members of a batch line that may change nevertheless: streaming, and the name of the limit.
    private static let changeable: Set<String> = ["stream", "stream_options", "max_tokens", "max_completion_tokens"]

    /// How many forms a member has; each refusal selects the next, and after the last the member is left out.
    static let forms = ["response_format": 2]

    private var counts: [String: Int] = [:]
    private var replacements: [String: String] = [:]

    package init() {}

    /// How often the server has refused the member `name`, each time in another form.
    ///
    /// The builder of a request chooses the form of the member by it.
    package func count(of name: String) -> Int { counts[name] ?? 0 }

    /// Records a refusal.
    ///
    /// - Parameter seen: The refusals that were known when the refused request was sent; calls in flight together count
    ///   once.
    /// - Returns: Whether the refusal is new.
    package mutating func note(_ refusal: Refusal, seen: UnsupportedParameters) -> Bool {
        guard count(of: refusal.name) == seen.count(of: refusal.name) else { return false }
        counts[refusal.name, default: 0] += 1
        replacements[refusal.name] = refusal.replacement
        return true
    }

    /// The request without the refused members.
    ///
    /// - Parameter own: The members that a batch line sets: they stay, but streaming may be turned off and a limit
    ///   renamed.
    package func applied(to body: JSON, keeping own: JSON? = nil) -> JSON {
        guard !counts.isEmpty, let members = body.object else { return body }
        var kept: OrderedDictionary<String, JSON> = [:]
        for (name, value) in members {
            let isOwn = own?[name] != nil && !Self.changeable.contains(name)
            if isOwn || Self.kept.contains(name) || count(of: name) < Self.forms[name] ?? 1 {
                kept[name] = value
            } else if let replacement = replacements[name], members[replacement] == nil {
                kept[replacement] = value
            }
        }
        if kept["stream"] == nil { kept["stream_options"] = nil }
        return .object(kept)
    }
}
