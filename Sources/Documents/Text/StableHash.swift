/// A hash that is the same in every run, for names that must not change; not for security.
package enum StableHash {
    /// 64-bit FNV-1a (draft-eastlake-fnv) as 16 hexadecimal digits.
    package static func text(of text: String) -> String { Self.text(of: text.utf8) }

    /// The same for any bytes.
    package static func text(of bytes: some Sequence<UInt8>) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
