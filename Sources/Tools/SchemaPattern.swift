import Synchronization

/// The value of the keyword `pattern`: a regular expression that is looked for anywhere in a string.
///
/// It is matched scalar by scalar with ASCII digits and word characters, as ECMA-262 does; what Swift's `Regex`
/// cannot read is refused when the schema is compiled.
struct SchemaPattern: Sendable {
    let text: String
    private let expression: Expression

    /// `Regex` is not Sendable; matches of one pattern take turns.
    private final class Expression: Sendable {
        let regex: Mutex<Regex<AnyRegexOutput>>

        init(_ regex: sending Regex<AnyRegexOutput>) { self.regex = Mutex(regex) }
    }

    init(_ text: String) throws {
        self.text = text
        let regex = try Regex(text).matchingSemantics(.unicodeScalar).asciiOnlyDigits().asciiOnlyWordCharacters()
        expression = Expression(regex)
    }

    func matches(_ string: String) -> Bool {
        expression.regex.withLock { regex in string.firstMatch(of: regex) != nil }
    }
}
