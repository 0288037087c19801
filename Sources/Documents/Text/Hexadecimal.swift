extension Collection<UInt8> {
    /// Two lower-case digits per byte, as ASCII bytes.
    package var hexadecimalBytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count * 2) { digits, filled in
            for byte in self {
                digits[filled] = Self.digit(byte >> 4)
                digits[filled + 1] = Self.digit(byte & 15)
                filled += 2
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
}
