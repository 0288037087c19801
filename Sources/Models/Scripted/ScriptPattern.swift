import Synchronization

/// A regular expression of a script.
final class ScriptPattern: Sendable {
    // A lock, because Regex is not Sendable; a match takes microseconds.
    private let regex: Mutex<Regex<AnyRegexOutput>>

    /// - Throws: The error of Swift's parser of regular expressions.
    init(_ pattern: String) throws {
        regex = Mutex(try Regex(pattern))
    }

    /// The whole match and its captures if the pattern matches anywhere in `text`, else nil; a group without a match is
    /// empty.
    func captures(in text: String) -> [String]? {
        regex.withLock { regex in
            guard let match = try? regex.firstMatch(in: text) else { return nil }
            return match.output.map { String($0.substring ?? "") }
        }
    }

    /// `text` with `$0` to `$9` replaced by captures; a number without a group is removed.
    static func fill(_ text: String, from captures: [String]) -> String {
        var filled = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            filled += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if let digit = rest.first, digit.isASCII, let group = digit.wholeNumberValue {
                if group < captures.count { filled += captures[group] }
                rest = rest.dropFirst()
            } else {
                filled += "$"
            }
        }
        return filled + rest
    }
}
