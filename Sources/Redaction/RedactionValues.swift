import Documents

/// Values of a job that path rules name, and where they stand in a text.
///
/// A binary search at every byte finds them, so that ten thousand values cost little more than ten.
struct RedactionValues: Sendable {
    /// Shorter values would hide half of every text; they are hidden only when they are the whole text.
    static let partMin = 4
    /// How far before a cut the beginning of a value is looked for, in bytes.
    private static let cutPartMax = 256
    private static let ellipsis = Array("…".utf8)

    private var short: Set<[UInt8]> = []
    /// Sorted, each once.
    private var long: [[UInt8]] = []

    mutating func insert(_ values: [String]) {
        let values = values.map { Array($0.utf8) }.filter { !$0.isEmpty }
        short.formUnion(values.filter { $0.count < Self.partMin })
        long = Set(long).union(values.filter { $0.count >= Self.partMin }).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether the text is nothing but a value too short to be looked for in texts.
    func isWhole(_ bytes: [UInt8]) -> Bool { bytes.count < Self.partMin && short.contains(bytes) }

    func spans(in bytes: [UInt8]) -> [Range<Int>] {
        if long.isEmpty { return [] }
        var spans: [Range<Int>] = []
        var index = 0
        while index + Self.partMin <= bytes.count {
            let length = longestValue(at: bytes[index...])
            if length > 0 { spans.append(index..<index + length) }
            index += max(1, length)
        }
        for cut in bytes.indices where bytes[cut...].starts(with: Self.ellipsis) {
            spans += beginning(before: cut, in: bytes)
        }
        return spans
    }

    /// The length of the longest value that `text` begins with; 0 for none.
    private func longestValue(at text: ArraySlice<UInt8>) -> Int {
        var text = text
        while text.count >= Self.partMin {
            let next = firstIndex(after: text)
            guard next > 0 else { return 0 }
            let value = long[next - 1]
            let common = zip(value, text).prefix { $0 == $1 }.count
            if common == value.count { return common }
            // A shorter value that fits can only be a beginning of what the two have in common.
            text = text.prefix(common)
        }
        return 0
    }

    /// The range of a value's beginning at the end of a text that was cut within the value.
    private func beginning(before cut: Int, in bytes: [UInt8]) -> [Range<Int>] {
        for start in max(0, cut - Self.cutPartMax)..<max(0, cut - Self.partMin + 1) {
            let text = bytes[start..<cut]
            let next = firstIndex(after: text)
            if next < long.count, long[next].starts(with: text) { return [start..<cut] }
        }
        return []
    }

    /// The index of the first value that sorts after `text`.
    private func firstIndex(after text: ArraySlice<UInt8>) -> Int {
        var (low, high) = (0, long.count)
        while low < high {
            let middle = (low + high) / 2
            if text.lexicographicallyPrecedes(long[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
