import Documents

/// The value of the `Idempotency-Key` header.
enum IdempotencyHeader {
    /// The longest value, in characters; some servers refuse longer ones.
    static let lengthMax = 255

    /// The key in visible ASCII.
    ///
    /// Other bytes are percent-encoded, so that different keys stay different and nothing in a key can end the header.
    /// The end of a long key is replaced by a hash of the whole key.
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
