import Jobs
import OrderedCollections

extension JSON {
    /// The one text that all equal values share: whole numbers as integers, members sorted by name.
    ///
    /// JSON Schema compares numbers by value, objects regardless of order and strings by code points (draft 2020-12,
    /// Core 4.2.2), where Swift's strings are equal when they look the same.
    var canonicalBytes: [UInt8] { canonical.bytes }

    private var canonical: JSON {
        switch self {
        case .double(let value): Int64(exactly: value).map(JSON.int) ?? self
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

    /// Whether this number is less than `other`, without rounding integers to doubles; false for what is no number.
    func isLess(than other: JSON) -> Bool {
        switch (self, other) {
        case (.int(let left), .int(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.int(let left), .double(let right)): Self.order(left, right) < 0
        case (.double(let left), .int(let right)): Self.order(right, left) > 0
        default: false
        }
    }

    /// Negative, zero or positive as `left` is less than, equal to or greater than `right`.
    private static func order(_ left: Int64, _ right: Double) -> Int {
        if right >= 0x1p63 { return -1 }
        if right < -0x1p63 { return 1 }
        let floor = Int64(right.rounded(.down))
        if left != floor { return left < floor ? -1 : 1 }
        return right > Double(floor) ? -1 : 0
    }
}
