extension StringProtocol {
    /// Whether the text is a name of `limit` bytes at most: ASCII letters and digits, and bytes of `others`.
    ///
    /// A regular expression would bring its parser and engine into the daemon's memory for this alone.
    package func isPlainName(with others: StaticString = "", limit: Int) -> Bool {
        let allowed = UnsafeBufferPointer(start: others.utf8Start, count: others.utf8CodeUnitCount)
        return !isEmpty && utf8.count <= limit
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: allowed.contains(byte)
                }
            }
    }
}
