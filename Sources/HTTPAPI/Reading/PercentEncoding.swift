import HTTPTypes

/// Percent-encoding of paths (RFC 3986, section 2.1).
enum PercentEncoding {
    /// - Throws: ``Problem`` (400) when a % is not followed by two digits, or the bytes are no UTF-8.
    static func decode(_ text: some StringProtocol) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else { throw fault(text) }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw fault(text) }
        return decoded
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        guard let byte else { return nil }
        return Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }

    private static func fault(_ text: some StringProtocol) -> Problem {
        Problem(.badRequest, "the path has a part that is no UTF-8 in percent-encoding: \(text)")
    }
}
