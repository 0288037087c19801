import Documents

/// Links the records of a history: each line ends with a digest over the line before and itself.
///
/// The digest of a line is the first 16 hexadecimal digits of SHA-256 over the previous line's 16 digits
/// (none before the first) and this line's bytes up to `,"chain"`. One mechanism finds a torn tail and shows tampering.
package struct HistoryChain: Sendable, Equatable {
    /// The 16 digits of the last line, or nothing before the first.
    package private(set) var head: [UInt8]

    package init(head: [UInt8] = []) { self.head = head }

    private static let prefix = Array(",\"chain\":\"".utf8)
    private static let suffix = Array("\"}\n".utf8)

    /// Closes a record and returns its whole line, with the newline.
    package mutating func seal(_ record: HistoryRecord) -> [UInt8] {
        var line = record.openBytes
        head = digest(of: line[...])
        line += Self.prefix
        line += head
        line += Self.suffix
        return line
    }

    private func digest(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(head.span.bytes)
        hash.update(bytes.span.bytes)
        return hash.finalize().hexadecimalBytes(of: 8)
    }

    /// Checks a line, newline included, and goes past it; false, and no change, when its digest does not match.
    package mutating func advance(past line: ArraySlice<UInt8>) -> Bool {
        let tail = Self.prefix.count + 16 + Self.suffix.count
        guard line.count > tail, line.suffix(Self.suffix.count).elementsEqual(Self.suffix) else { return false }
        let body = line.dropLast(tail)
        let ending = line.suffix(tail)
        guard ending.starts(with: Self.prefix) else { return false }
        let written = ending.dropFirst(Self.prefix.count).prefix(16)
        let expected = digest(of: body)
        guard written.elementsEqual(expected) else { return false }
        head = expected
        return true
    }
}
