package import Jobs
import OrderedCollections

/// What a server has refused to be told in a request, by its own words: such members are left out, or said under
/// another name.
package struct RefusedParameters: Sendable, Equatable {
    /// One member that a server refused.
    package struct Refusal: Sendable, Equatable {
        /// Of the request as it was sent.
        package var name: String
        /// The name that the server wants in its place.
        package var replacement: String?
    }

    /// Members that stay in a request whatever the server says: without them it would ask something else.
    static let kept: Set<String> = ["model", "messages", "tools", "system"]
    /// Names of one limit. A limit is never left out: a budget relies on it.
    static let limits = ["max_tokens", "max_completion_tokens"]

    /// Members of a line that may be changed all the same: how its answer is carried, and what its limit is called.
    private static let changeable: Set<String> = ["stream", "stream_options", "max_tokens", "max_completion_tokens"]

    /// Members whose form depends on how often they were refused; they are left out after the last form.
    static let forms = ["response_format": 2]

    private var counts: [String: Int] = [:]
    private var replacements: [String: String] = [:]

    package init() {}

    /// How often the server has refused the member `name`, each time in another form; 0 when it never has.
    ///
    /// Who builds a request asks this to choose another form of the member.
    package func count(of name: String) -> Int { counts[name] ?? 0 }

    /// Takes in what a server refused.
    ///
    /// - Parameter seen: What was known when the refused request was sent: calls that were under way together count
    ///   once.
    /// - Returns: Whether that is news.
    package mutating func note(_ refusal: Refusal, seen: RefusedParameters) -> Bool {
        guard count(of: refusal.name) == seen.count(of: refusal.name) else { return false }
        counts[refusal.name, default: 0] += 1
        replacements[refusal.name] = refusal.replacement
        return true
    }

    /// The request without what is refused.
    ///
    /// - Parameter own: What a line of a batch says itself: of that nothing is left out, a limit may be renamed.
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
