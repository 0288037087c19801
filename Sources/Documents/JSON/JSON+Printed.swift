/// Reads text as a value: the one rule for what commands print, what MCP servers answer, and what `--input` gives
/// (docs/values.md).
extension JSON {
    /// The largest whole number that every program that reads JSON holds exactly (RFC 8259, section 6).
    private static let safeIntegerMax: Int64 = 1 << 53 - 1

    /// Reads all of `text` as one value; nil when it is plain text and stays text.
    ///
    /// An object, a list and a string in quotes are JSON. A bare word is a value only where that loses nothing: `true`,
    /// `false`, `null`, and a number that every program writes back unchanged. `3.10`, `007`, `1e5` and a long id stay
    /// text.
    package init?(printed text: some StringProtocol) { self.init(printed: Array(text.utf8)) }

    /// - Parameter text: As ``init(printed:)``, in UTF-8.
    package init?(printed text: [UInt8]) {
        guard let value = try? JSONParser.parse(text) else { return nil }
        guard value.isNumber else {
            self = value
            return
        }
        guard Self.isPlain(value, text) else { return nil }
        self = value
    }

    private static func isPlain(_ number: JSON, _ text: [UInt8]) -> Bool {
        switch number {
        case .int(let value): value.magnitude <= safeIntegerMax.magnitude
        // JavaScript writes 1.0 as 1, and programs write exponents in different forms.
        case .double(let value): value != value.rounded() && !text.contains { $0 | 0x20 == UInt8(ascii: "e") }
        default: false
        }
    }
}
