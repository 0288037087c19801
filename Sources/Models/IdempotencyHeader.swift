/// The value of the `Idempotency-Key` header.
enum IdempotencyHeader {
    /// Longer values are refused by some servers.
    static let lengthMax = 255

    /// The key in visible ASCII: other bytes are percent-encoded, so that different keys stay different and nothing
    /// in a key can end the header. Of a long key the end is replaced by a hash of the whole.
    static func value(for key: String) -> String {
        var value = ""
        for byte in key.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                value.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                value += byte < 16 ? "%0" : "%"
                value += String(byte, radix: 16, uppercase: true)
            }
        }
        if value.utf8.count <= lengthMax { return value }
        let hash = StableHash.text(of: key)
        return "\(value.prefix(lengthMax - hash.count - 1))-\(hash)"
    }
}
