extension RedactionScanner {
    /// Bytes of a label such as `RSA PRIVATE KEY` (RFC 7468), at most.
    private static let labelMax = 64

    /// A private key in PEM: the whole block.
    ///
    /// Without the `END` line it goes on to the end of the text. Without the `BEGIN` line it begins with the Base64
    /// before the `END` line.
    func privateKey(at index: Int) -> Range<Int>? {
        if has("-----BEGIN ", at: index), let body = endOfLabel(from: index + 11) {
            var search = body
            while search < bytes.count {
                if bytes[search] == UInt8(ascii: "-"), has("-----END ", at: search) {
                    let label = skip(search + 9) { $0 != UInt8(ascii: "-") && !$0.isLineEnd }
                    return index..<skip(label) { $0 == UInt8(ascii: "-") }
                }
                search += 1
            }
            return index..<bytes.count
        }
        if has("-----END ", at: index), let end = endOfLabel(from: index + 9) {
            var start = index
            while start > self.end, bytes[start - 1].isInBase64 { start -= 1 }
            return start..<end
        }
        return nil
    }

    /// Where the dashes after a private key's label end; nil for other labels.
    private func endOfLabel(from start: Int) -> Int? {
        let end = skip(start) { $0 != UInt8(ascii: "-") && !$0.isLineEnd }
        guard end - start <= Self.labelMax else { return nil }
        guard (start..<end).contains(where: { has("PRIVATE KEY", at: $0) }) else { return nil }
        return skip(end) { $0 == UInt8(ascii: "-") }
    }
}

extension UInt8 {
    /// Whether the byte may be part of Base64 over several lines, whose ends may be written as `\n`.
    fileprivate var isInBase64: Bool {
        isLetterOrDigit || isLineEnd || self == UInt8(ascii: "+") || self == UInt8(ascii: "/")
            || self == UInt8(ascii: "=") || self == UInt8(ascii: "\\")
    }
}
