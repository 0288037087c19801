/// An encoding of text that a byte order mark (here: mark) names.
package enum TextEncoding: Sendable, Equatable, CaseIterable {
    case utf8
    case utf16LittleEndian, utf16BigEndian
    case utf32LittleEndian, utf32BigEndian

    /// The byte order mark of this encoding (Unicode, section 23.8).
    private var mark: [UInt8] {
        switch self {
        case .utf8: [0xEF, 0xBB, 0xBF]
        case .utf16LittleEndian: [0xFF, 0xFE]
        case .utf16BigEndian: [0xFE, 0xFF]
        case .utf32LittleEndian: [0xFF, 0xFE, 0, 0]
        case .utf32BigEndian: [0, 0, 0xFE, 0xFF]
        }
    }

    /// The encoding that a file's mark names, and the mark's length in bytes; nil where there is no mark.
    package static func marked(_ beginning: some Collection<UInt8>) -> (encoding: TextEncoding, markLength: Int)? {
        // The mark of UTF-32 (little-endian) begins with that of UTF-16.
        for encoding in longestMarkFirst where beginning.starts(with: encoding.mark) {
            return (encoding, encoding.mark.count)
        }
        return nil
    }

    private static let longestMarkFirst: [TextEncoding] = [
        .utf32LittleEndian, .utf32BigEndian, .utf8, .utf16LittleEndian, .utf16BigEndian,
    ]

    /// The name for a person.
    package var name: String {
        switch self {
        case .utf8: "UTF-8"
        case .utf16LittleEndian: "UTF-16 (little-endian)"
        case .utf16BigEndian: "UTF-16 (big-endian)"
        case .utf32LittleEndian: "UTF-32 (little-endian)"
        case .utf32BigEndian: "UTF-32 (big-endian)"
        }
    }

    /// The name for iconv(1).
    package var iconvName: String {
        switch self {
        case .utf8: "UTF-8"
        case .utf16LittleEndian: "UTF-16LE"
        case .utf16BigEndian: "UTF-16BE"
        case .utf32LittleEndian: "UTF-32LE"
        case .utf32BigEndian: "UTF-32BE"
        }
    }

    /// The text as UTF-8 without a mark; UTF-8 is not checked, whether it has a mark or not.
    ///
    /// - Throws: ``TextFault`` for UTF-16 and UTF-32 that do not hold a whole text.
    package static func utf8(_ bytes: [UInt8]) throws(TextFault) -> [UInt8] {
        guard let (encoding, markLength) = marked(bytes) else { return bytes }
        let rest = bytes[markLength...]
        switch encoding {
        case .utf8: return Array(rest)
        case .utf16LittleEndian, .utf16BigEndian:
            let units = try units(rest, of: encoding, size: 2).map { UInt16(truncatingIfNeeded: $0) }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw TextFault("it is \(encoding.name) with half a character in it")
            }
            return Array(text.utf8)
        case .utf32LittleEndian, .utf32BigEndian:
            var text = String.UnicodeScalarView()
            for unit in try units(rest, of: encoding, size: 4) {
                guard let scalar = Unicode.Scalar(unit) else {
                    throw TextFault("it is \(encoding.name) with a number in it that is no character")
                }
                text.append(scalar)
            }
            return Array(String(text).utf8)
        }
    }

    private static func units(
        _ bytes: ArraySlice<UInt8>,
        of encoding: TextEncoding,
        size: Int
    ) throws(TextFault) -> [UInt32] {
        guard bytes.count.isMultiple(of: size) else {
            throw TextFault("it is \(encoding.name) and ends within a character: it was cut")
        }
        let isLittle = encoding == .utf16LittleEndian || encoding == .utf32LittleEndian
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { start in
            (0..<size).reduce(UInt32(0)) { unit, position in
                unit << 8 | UInt32(bytes[start + (isLittle ? size - 1 - position : position)])
            }
        }
    }
}
