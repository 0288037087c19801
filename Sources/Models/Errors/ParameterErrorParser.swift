import Documents
import Jobs
import OrderedCollections

/// Finds in a server's refusal which members of the request it does not accept.
enum ParameterErrorParser {
    /// - Parameters:
    ///   - content: The error of an answer that refuses a request as it is (400, 422).
    ///   - body: The request as it was sent.
    ///   - isOwn: Whether a member may be left out; one that a batch line sets may not.
    static func refusals(
        in content: ErrorContent,
        of body: JSON,
        mayLeaveOut isOwn: (String) -> Bool
    ) -> [UnsupportedParameters.Refusal] {
        let message = content.message ?? ""
        let words = message.lowercased()
        let isRefusal = refusals.contains { words.contains($0) } || content.names.contains(where: isRefusalCode)
        // A wrong value is a mistake in the configuration, which the administrator must see.
        if wrongValues.contains(where: { words.contains($0) }) { return [] }
        let candidates = (body.object?.keys ?? []).filter { !UnsupportedParameters.kept.contains($0) }
        var named = content.members.filter(candidates.contains)
        // If the error's own member for it is empty, the message may name the parameter.
        if named.isEmpty, !content.members.contains(where: UnsupportedParameters.kept.contains), isRefusal {
            named = candidates.filter { isNamed($0, in: message) }
        }
        // Servers use many names for `response_format`.
        if named.isEmpty, isRefusal, body["response_format"] != nil, formNames.contains(where: { words.contains($0) }) {
            named = ["response_format"]
        }
        if isRefusal, named.isEmpty, isAboutOriginals(words, body) { return [.init(name: "messages")] }
        // "`temperature` and `top_p` cannot both be specified": one of them may stay.
        if words.contains("both"), let last = named.last { named = [last] }
        return named.compactMap { name in
            if let other = otherLimit(name) {
                return isAboutName(name, other, words, content)
                    ? UnsupportedParameters.Refusal(name: name, replacement: other) : nil
            }
            return isOwn(name) ? UnsupportedParameters.Refusal(name: name) : nil
        }
    }

    private static let formNames = [
        "json_schema", "json_object", "json mode", "json_mode", "response format", "structured output", "guided",
        "grammar",
    ]

    /// Whether the server refuses members that its own model sent and that came back to it: "property
    /// 'reasoning_content' is unsupported".
    private static func isAboutOriginals(_ words: String, _ body: JSON) -> Bool {
        ["reasoning", "reasoning_content", "reasoning_details", "extra_content"].contains { name in
            words.contains(name) && (body["messages"]?.array ?? []).contains { $0[name] != nil }
        }
    }

    private static func otherLimit(_ name: String) -> String? {
        guard UnsupportedParameters.limits.contains(name) else { return nil }
        return UnsupportedParameters.limits.first { $0 != name }
    }

    /// Whether a limit was refused for its name; a limit that is too large for the model is another error.
    private static func isAboutName(_ name: String, _ other: String, _ words: String, _ content: ErrorContent) -> Bool {
        let isAboutSize = ["too large", "too long", "context length", "at most", "maximum context", "exceed"]
            .contains { words.contains($0) }
        if isAboutSize { return false }
        return words.contains(other) || content.names.contains(where: isRefusalCode)
            || refusals.contains { words.contains($0) }
    }

    /// Whether the message names the member, in quotes, or bare when it cannot be an ordinary word.
    private static func isNamed(_ name: String, in message: String) -> Bool {
        for quote in ["'", "\"", "`", "‘", "“", "«", "["] where message.contains("\(quote)\(name)") {
            if isWhole(name, in: message) { return true }
        }
        return (name.contains("_") || bareNames.contains(name)) && isWhole(name, in: message)
    }

    private static func isWhole(_ name: String, in message: String) -> Bool {
        func isPart(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
        }
        let (text, wanted) = (Array(message.utf8), Array(name.utf8))
        guard text.count >= wanted.count else { return false }
        return (0...(text.count - wanted.count)).contains { start in
            let end = start + wanted.count
            return text[start..<end].elementsEqual(wanted) && (start == 0 || !isPart(text[start - 1]))
                && (end == text.count || !isPart(text[end]))
        }
    }

    /// Names that mean the parameter even without quotes; `stop`, `user` or `seed` may be ordinary words.
    private static let bareNames: Set<String> = ["temperature", "logprobs", "thinking", "metadata", "top_p", "top_k"]

    private static let refusals = [
        "unsupported", "not support", "n't support", "unknown", "unrecognized", "unrecognised", "unexpected",
        "not permitted", "not allowed", "not accept", "extra input", "extra field", "extra_forbidden", "extra param",
        "additional propert", "not recognized", "not available", "unavailable", "not compatible", "incompatible",
        "deprecated",
        "no longer", "not valid for", "cannot be used", "cannot be set", "cannot both", "can't be used", "instead",
        "is not implemented",
        "must be verified", "only the default", "invalid field", "invalid parameter", "not a valid parameter",
    ]

    private static let wrongValues = [
        "less than", "greater than", "out of range", "must be between", "should be between", "above maximum",
        "below minimum", "maximum value", "minimum value", "maximum length", "must be at least", "must be at most",
        "in the range", "invalid type", "expected a ", "expected an ", "valid integer", "valid number",
    ]

    private static func isRefusalCode(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["unsupported", "unknown_parameter", "unrecognized", "extra_forbidden", "not_supported"]
            .contains { name.contains($0) }
    }
}
