import Documents

/// Separates a model's reasoning from the text of its answer, when the server left it there between tags.
struct ReasoningTags {
    /// The text without the reasoning.
    var answer: String
    /// Empty when there is none.
    var reasoning: String

    /// The marks of models around their reasoning, which some servers pass through.
    private static let pairs: [(open: String, close: String)] = [
        ("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"), ("<reflection>", "</reflection>"), ("[THINK]", "[/THINK]"),
        ("<seed:think>", "</seed:think>"), ("◁think▷", "◁/think▷"), ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"), ("<|channel|>analysis<|message|>", "<|end|>"),
    ]

    /// The marks that may stand before the answer, after the reasoning.
    private static let marks = [
        "<|start|>assistant", "<|channel|>final<|message|>", "<|START_RESPONSE|>", "<|begin_of_solution|>",
    ]
    private static let endMarks = ["<|return|>", "<|end|>", "<|END_RESPONSE|>", "<|end_of_solution|>"]

    init(_ text: String) {
        var rest = text[...]
        var thoughts: [Substring] = []
        var hasMarks = false
        // Only at the beginning, because an answer may talk about these tags.
        while let thought = Self.first(of: &rest, isFirst: thoughts.isEmpty) {
            thoughts.append(thought)
            hasMarks = Self.drop(Self.marks, from: &rest) || hasMarks
        }
        reasoning = thoughts.map { $0.trimmed }.filter { !$0.isEmpty }.joined(separator: "\n\n")
        if thoughts.isEmpty { hasMarks = Self.drop(Self.marks, from: &rest) }
        if hasMarks {
            for mark in Self.endMarks {
                while rest.trimmed.hasSuffix(mark) { rest = rest.trimmed.dropLast(mark.count) }
            }
        }
        answer = thoughts.isEmpty && !hasMarks ? text : String(rest.trimmed)
    }

    /// Removes the reasoning at the beginning of `rest` and returns it; nil when there is none.
    private static func first(of rest: inout Substring, isFirst: Bool) -> Substring? {
        let start = rest.drop(while: \.isWhitespace)
        for (open, close) in pairs {
            guard let inside = start.dropping(prefixIgnoringCase: open) else { continue }
            // A tag that is never closed encloses all that came.
            guard let end = inside.firstRange(ofIgnoringCase: close) else {
                rest = ""
                return inside
            }
            rest = inside[end.upperBound...]
            return inside[..<end.lowerBound]
        }
        // If the prompt's template has opened the tag, only its end comes.
        guard isFirst, let end = rest.firstRange(ofIgnoringCase: "</think>"),
            rest[..<end.lowerBound].firstRange(ofIgnoringCase: "<think>") == nil
        else { return nil }
        let inside = rest[..<end.lowerBound]
        // A tag in quotation marks or code is only mentioned.
        if let last = inside.last, "`\"'".contains(last) { return nil }
        rest = rest[end.upperBound...]
        return inside
    }

    private static func drop(_ marks: [String], from rest: inout Substring) -> Bool {
        var hasDropped = false
        while let mark = marks.first(where: { rest.drop(while: \.isWhitespace).hasPrefix($0) }) {
            rest = rest.drop(while: \.isWhitespace).dropFirst(mark.count)
            hasDropped = true
        }
        return hasDropped
    }
}
