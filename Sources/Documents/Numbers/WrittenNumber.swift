import OrderedCollections

/// A number as its author wrote it, where neither `Int64` nor `Double` would write it the same: `3.10`,
/// `12345678901234567890`, `1e400`, `-0`.
///
/// It keeps every digit. Two are equal when they are written the same; ``ExactNumber`` compares their values.
package struct WrittenNumber: Sendable, Hashable {
    /// A number of JSON (RFC 8259, section 6).
    package let text: String

    /// - Parameter text: A number of JSON; the caller has checked it.
    init(checked text: String) { self.text = text }

    /// The nearest double; infinite when it is too large for one.
    package var double: Double { Double(text) ?? 0 }
}

extension JSON {
    /// Reads a number in JSON's grammar, as an integer or a double where these write it the same; nil for other texts.
    package init?(number text: some StringProtocol) {
        // White space around the number is refused.
        guard text.utf8.allSatisfy({ $0 > 0x20 }), let value = try? JSONParser.parse(Array(text.utf8)), value.isNumber
        else { return nil }
        self = value
    }

    package var isNumber: Bool {
        switch self {
        case .int, .double, .written: true
        default: false
        }
    }

    /// The value with numbers as they were before JSON kept written forms; for digests, which old histories hold in
    /// this form.
    ///
    /// A number whose value would change keeps its written form.
    var withoutWrittenForms: JSON {
        switch self {
        case .written(let number):
            if number.text == "-0" { return .int(0) }
            let double = JSON.double(number.double)
            return number.double.isFinite && ExactNumber(double) == ExactNumber(self) ? double : self
        case .array(let elements): return .array(elements.map(\.withoutWrittenForms))
        case .object(let members): return .object(members.mapValues(\.withoutWrittenForms))
        default: return self
        }
    }

    var hasWrittenForms: Bool {
        switch self {
        case .written: true
        case .array(let elements): elements.contains(where: \.hasWrittenForms)
        case .object(let members): members.values.contains(where: \.hasWrittenForms)
        default: false
        }
    }
}
