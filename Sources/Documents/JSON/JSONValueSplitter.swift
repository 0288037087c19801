/// Splits a file that is read in pieces into its JSON values, which may span many lines.
///
/// The values follow one another, or are the elements of one array. Commas between values are skipped.
///
/// Brackets, strings and white space alone decide where a value begins and ends; the parser decides whether it is JSON.
package struct JSONValueSplitter: Sendable {
    /// Why the file does not consist of values: for example a bracket that is never closed.
    package private(set) var defect: String?

    private let bytesMax: Int
    private var offset = 0
    private var line = 1
    /// Brackets that are open inside the value.
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Nil before the first value or bracket.
    private var isInArray: Bool?
    private var isArrayClosed = false
    /// Whether the values are the elements of an array.
    package var isArray: Bool { isInArray == true }

    /// The value that has begun; its bytes are cut to `bytesMax`.
    private var value: LineSplitter.Line?
    private var bytes: [UInt8] = []

    /// - Parameter bytesMax: The most bytes that are kept of a value.
    package init(bytesMax: Int = .max) { self.bytesMax = bytesMax }

    /// Takes the next piece of the file, and passes on the values that end in it.
    package mutating func split(_ piece: [UInt8], _ body: (LineSplitter.Line) -> Void) {
        for byte in piece {
            if defect != nil { return }
            take(byte, body)
            offset += 1
            if byte == UInt8(ascii: "\n") { line += 1 }
        }
    }

    /// The last value, when only the end of the file ends it.
    package mutating func end() -> LineSplitter.Line? {
        if defect != nil { return nil }
        if let value, depth > 0 || isInString {
            defect = "what begins in line \(value.number) is never closed"
        } else if isInArray == true, !isArrayClosed {
            defect = "the array is never closed"
        }
        return defect == nil && value != nil ? take() : nil
    }

    private mutating func take(_ byte: UInt8, _ body: (LineSplitter.Line) -> Void) {
        if isInString {
            keep(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
                if depth == 0 { body(take()) }
            }
            return
        }
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D:
            if depth > 0 { keep(byte) } else if value != nil { body(take()) }
        case UInt8(ascii: "[") where isInArray == nil: isInArray = true
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            begin()
            depth += 1
            keep(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"): close(byte, body)
        case UInt8(ascii: ","):
            if depth > 0 { keep(byte) } else if value != nil { body(take()) }
        case UInt8(ascii: "\""):
            begin()
            isInString = true
            keep(byte)
        default:
            if value == nil, isInArray != true { return fail() }
            begin()
            keep(byte)
        }
    }

    private mutating func close(_ byte: UInt8, _ body: (LineSplitter.Line) -> Void) {
        if depth > 0 {
            depth -= 1
            keep(byte)
            if depth == 0 { body(take()) }
        } else if byte == UInt8(ascii: "]"), isInArray == true, !isArrayClosed {
            if value != nil { body(take()) }
            isArrayClosed = true
        } else {
            fail()
        }
    }

    private mutating func begin() {
        if isArrayClosed { return fail() }
        isInArray = isInArray ?? false
        if value == nil { value = LineSplitter.Line(number: line, offset: offset, length: 0, bytes: []) }
    }

    private mutating func keep(_ byte: UInt8) {
        value?.length += 1
        if bytes.count < bytesMax { bytes.append(byte) }
    }

    private mutating func take() -> LineSplitter.Line {
        var taken = value ?? LineSplitter.Line(number: line, offset: offset, length: 0, bytes: [])
        taken.bytes = bytes[...]
        (value, bytes) = (nil, [])
        return taken
    }

    private mutating func fail() { defect = "line \(line) has something where a value should begin" }
}
