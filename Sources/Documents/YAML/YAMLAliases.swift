/// Scans a YAML text for dangerous aliases before it is parsed.
///
/// It does not parse YAML, so prose may look like an alias to it. Only a text with many aliases of existing anchors,
/// and with member names that are no plain words, counts as dangerous.
struct YAMLAliases {
    /// So few aliases cannot multiply to much.
    private static let harmless = 8

    private var anchors: Set<ArraySlice<UInt8>> = []
    private var aliases: [ArraySlice<UInt8>] = []
    private var hasComplexNames = false

    init(_ bytes: [UInt8]) {
        guard bytes.contains(UInt8(ascii: "&")), bytes.contains(UInt8(ascii: "*")) else { return }
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "&") where Self.beginsToken(bytes, index): anchors.insert(Self.name(bytes, index + 1))
            case UInt8(ascii: "*") where Self.beginsToken(bytes, index):
                let name = Self.name(bytes, index + 1)
                aliases.append(name)
                if Self.isName(bytes, endingAt: name.endIndex) { hasComplexNames = true }
            case UInt8(ascii: "?") where Self.beginsToken(bytes, index): hasComplexNames = true
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if Self.isName(bytes, endingAt: index + 1) { hasComplexNames = true }
            default: break
            }
        }
    }

    /// Whether names of members could be aliases of aliases, and so of any size.
    var mayExplodeInNames: Bool {
        hasComplexNames && aliases.count > Self.harmless
            && aliases.count(where: anchors.contains) > Self.harmless
    }

    private static func beginsToken(_ bytes: [UInt8], _ index: Int) -> Bool {
        index == 0 || bytes[index - 1] <= 0x20 || ",[{:?-".utf8.contains(bytes[index - 1])
    }

    /// Letters, digits, `-` and `_`: what libyaml takes for an anchor's name.
    private static func name(_ bytes: [UInt8], _ start: Int) -> ArraySlice<UInt8> {
        bytes[start...].prefix { byte in
            let letter = byte | 0x20
            return (0x30...0x39).contains(byte) || (0x61...0x7A).contains(letter) || byte == 0x2D || byte == 0x5F
        }
    }

    /// Whether a colon follows.
    private static func isName(_ bytes: [UInt8], endingAt end: Int) -> Bool {
        bytes[end...].first { $0 > 0x20 } == UInt8(ascii: ":")
    }
}
