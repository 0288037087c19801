import OrderedCollections

extension JSON {
    /// The one text that all equal values share: equal numbers in one form, members sorted by name.
    ///
    /// JSON Schema compares numbers by value, objects regardless of order and strings by code points (draft 2020-12,
    /// Core 4.2.2), where Swift's strings are equal when they look the same.
    package var canonicalBytes: [UInt8] { canonical.bytes }

    private var canonical: JSON {
        switch self {
        case .double, .written: ExactNumber(self)?.canonical ?? self
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members):
            .object(
                OrderedDictionary(
                    uniqueKeysWithValues: members.map { ($0.key, $0.value.canonical) }.sorted {
                        $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
                    }
                )
            )
        default: self
        }
    }

    /// Whether this number is less than `other`, without rounding; false when either is not a number.
    package func isLess(than other: JSON) -> Bool {
        switch (self, other) {
        case (.int(let left), .int(let right)): return left < right
        case (.double(let left), .double(let right)): return left < right
        default:
            guard let left = ExactNumber(self), let right = ExactNumber(other) else { return false }
            return left < right
        }
    }
}
