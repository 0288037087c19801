import Documents
import Synchronization

/// A regular expression of the configuration whose matches are hidden.
///
/// The text is not trusted, so it is matched in pieces: backtracking stays within one piece, and a byte of a long text
/// costs no more than a byte of a short one. Matches up to ``matchMax`` bytes are always found whole.
package struct RedactionPattern: Sendable {
    /// The longest piece, in bytes.
    private static let pieceMax = 4_096
    /// The overlap of a piece with the one before, in bytes.
    static let matchMax = 512

    private let expression: Expression

    /// `Regex` is not Sendable; matches of one pattern take turns.
    private final class Expression: Sendable {
        let regex: Mutex<Regex<AnyRegexOutput>>

        init(_ regex: sending Regex<AnyRegexOutput>) { self.regex = Mutex(regex) }
    }

    /// What is wrong with a pattern.
    struct Fault: Error { var reason: String }

    init(_ text: String) throws(Fault) {
        if Self.repeatsRepetition(text) {
            throw Fault(
                reason: "a repeated group holds another repetition, which can take for ever; write it without the group"
            )
        }
        do {
            let regex = try Regex(text).matchingSemantics(.unicodeScalar).asciiOnlyDigits().asciiOnlyWordCharacters()
            if try regex.firstMatch(in: "") != nil {
                throw Fault(reason: "it matches the empty text, so it would hide nothing or everything")
            }
            expression = Expression(regex)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(reason: "not a regular expression: \(error)")
        }
    }

    /// Where in the text's UTF-8 the pattern matches.
    func spans(in text: String) -> [Range<Int>] {
        var spans: [Range<Int>] = []
        var start = text.startIndex
        while true {
            let end = text.boundary(from: start, bytes: Self.pieceMax)
            spans += expression.regex.withLock { regex in
                text[start..<end].matches(of: regex).map { match in
                    let lower = text.utf8.distance(from: text.startIndex, to: match.range.lowerBound)
                    return lower..<lower + text.utf8.distance(from: match.range.lowerBound, to: match.range.upperBound)
                }
            }
            if end == text.endIndex { return spans }
            start = text.boundary(from: start, bytes: Self.pieceMax - Self.matchMax)
        }
    }

    /// Whether a group that is repeated without limit holds another unlimited repetition.
    ///
    /// `(a+)+` takes exponential time on a text that almost matches.
    private static func repeatsRepetition(_ text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        var groups = [false]
        var isInClass = false
        while let scalar = rest.popFirst() {
            if scalar == "\\" {
                _ = rest.popFirst()
                continue
            }
            if isInClass {
                isInClass = scalar != "]"
                continue
            }
            switch scalar {
            case "[": isInClass = true
            case "(": groups.append(false)
            case ")":
                let holdsRepetition = groups.count > 1 && groups.removeLast()
                if holdsRepetition, isUnlimited(rest) { return true }
                if holdsRepetition { groups[groups.count - 1] = true }
            default: if isUnlimited([scalar] + rest.prefix(8)) { groups[groups.count - 1] = true }
            }
        }
        return false
    }

    /// Whether the text begins with `*`, `+` or `{n,}`.
    private static func isUnlimited(_ text: some Collection<Unicode.Scalar>) -> Bool {
        switch text.first {
        case "*", "+": true
        case "{": text.dropFirst().drop { $0.properties.numericType != nil }.starts(with: ",}".unicodeScalars)
        default: false
        }
    }
}

extension String {
    /// The index `bytes` further on, moved back out of the middle of a character; the end where the text is shorter.
    fileprivate func boundary(from start: Index, bytes: Int) -> Index {
        guard var index = utf8.index(start, offsetBy: bytes, limitedBy: endIndex) else { return endIndex }
        while index < endIndex, utf8[index] & 0xC0 == 0x80 { index = utf8.index(before: index) }
        return index
    }
}
