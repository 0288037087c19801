/// Finds the first byte of a text in pieces that is not UTF-8 (Unicode, table 3-7), or that is NUL, which no text has.
package struct UTF8Check: Sendable {
    package struct Fault: Sendable, Equatable {
        package var byte: UInt8
        /// From 0.
        package var offset: Int
        /// From 1.
        package var line: Int
        /// Whether the text ends within the character that begins here.
        package var isCut = false
    }

    package private(set) var fault: Fault?
    private var offset = 0
    private var line = 1
    /// How many bytes the character still needs, and the range of the next one.
    private var missing = 0
    private var bounds: ClosedRange<UInt8> = 0x80...0xBF
    /// The character's first byte.
    private var lead: (byte: UInt8, offset: Int) = (0, 0)

    package init() {}

    package mutating func add(_ bytes: some Sequence<UInt8>) {
        if fault != nil { return }
        let isDone: Void? = bytes.withContiguousStorageIfAvailable { check($0) }
        if isDone == nil { Array(bytes).withUnsafeBufferPointer { check($0) } }
    }

    /// The text ends here.
    package mutating func end() {
        if fault == nil, missing > 0 { fault = Fault(byte: lead.byte, offset: lead.offset, line: line, isCut: true) }
    }

    private mutating func check(_ bytes: UnsafeBufferPointer<UInt8>) {
        for byte in bytes {
            if missing == 0, byte < 0x80, byte != 0 {
                if byte == 0x0A { line += 1 }
            } else if missing > 0 {
                guard bounds.contains(byte) else { return fail(lead.byte, lead.offset) }
                missing -= 1
                bounds = 0x80...0xBF
            } else {
                guard begin(byte) else { return fail(byte, offset) }
            }
            offset += 1
        }
    }

    private mutating func begin(_ byte: UInt8) -> Bool {
        lead = (byte, offset)
        switch byte {
        case 0xC2...0xDF: (missing, bounds) = (1, 0x80...0xBF)
        case 0xE0: (missing, bounds) = (2, 0xA0...0xBF)
        case 0xED: (missing, bounds) = (2, 0x80...0x9F)
        case 0xE1...0xEF: (missing, bounds) = (2, 0x80...0xBF)
        case 0xF0: (missing, bounds) = (3, 0x90...0xBF)
        case 0xF1...0xF3: (missing, bounds) = (3, 0x80...0xBF)
        case 0xF4: (missing, bounds) = (3, 0x80...0x8F)
        default: return false
        }
        return true
    }

    private mutating func fail(_ byte: UInt8, _ offset: Int) { fault = Fault(byte: byte, offset: offset, line: line) }
}
