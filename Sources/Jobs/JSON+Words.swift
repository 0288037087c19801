/// What text is worth as a value: the one rule for what commands print, what servers of tools say, and what is given
/// with `--input` (docs/values.md).
extension JSON {
    /// Whole numbers up to this are held by every program that reads JSON (RFC 8259, section 6).
    private static let safeIntegerMax: Int64 = 1 << 53 - 1

    /// The value that `text` is as a whole, or nil when it is text and stays so.
    ///
    /// An object, a list and a string in quotes are JSON. A bare word is a value only where nothing is lost by it: `true`,
    /// `false`, `null`, and a number that every program writes back as it stands. `3.10`, `007`, `1e5` and a long id stay
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
        // JavaScript writes 1.0 as 1; with an exponent each program has a form of its own.
        case .double(let value): value != value.rounded() && !text.contains { $0 | 0x20 == UInt8(ascii: "e") }
        default: false
        }
    }
}
