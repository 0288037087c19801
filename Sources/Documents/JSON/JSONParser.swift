import OrderedCollections

/// Why a text is not JSON, and where.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
    /// Counted from 1.
    package var line: Int
    /// The byte's position in the line, counted from 1.
    package var column: Int
    package var reason: String

    package var description: String { "line \(line), column \(column): \(reason)" }
}

/// A strict parser of JSON texts (RFC 8259): no comments, no trailing commas, no duplicate members, no NaN.
///
/// Numbers keep every digit, and the form that they are written in (``WrittenNumber``).
package struct JSONParser {
    /// Deeper documents are refused, so that no input can exhaust the stack.
    package static let depthMax = 128

    private let bytes: UnsafeBufferPointer<UInt8>
    private let depthMax: Int
    private let duplicates: Duplicates
    private var position = 0
    private var depth = 0
    /// The members and positions to follow when a line is looked up, else nil.
    private var sought: ArraySlice<String>?
    private var found: Int?

    /// What happens to two members with the same name.
    package enum Duplicates: Sendable {
        /// They are an error.
        case refused
        /// The last one counts, as in most programs.
        case last
    }

    private init(
        _ bytes: UnsafeBufferPointer<UInt8>,
        depthMax: Int = Self.depthMax,
        duplicates: Duplicates = .refused,
        seeking: [String]? = nil
    ) {
        (self.bytes, self.depthMax, self.duplicates) = (bytes, depthMax, duplicates)
        sought = seeking?[...]
    }

    /// Parses one JSON text.
    ///
    /// - Parameter depthMax: The most levels of nesting.
    /// - Throws: ``JSONSyntaxError`` with the line and column of the first byte that does not fit.
    package static func parse(
        _ bytes: some Sequence<UInt8>,
        depthMax: Int = Self.depthMax,
        duplicates: Duplicates = .refused
    ) throws(JSONSyntaxError) -> JSON {
        let parse = { (buffer: UnsafeBufferPointer<UInt8>) -> Result<JSON, JSONSyntaxError> in
            var parser = JSONParser(buffer, depthMax: depthMax, duplicates: duplicates)
            do throws(JSONSyntaxError) { return .success(try parser.document()) } catch { return .failure(error) }
        }
        let result = bytes.withContiguousStorageIfAvailable(parse) ?? Array(bytes).withUnsafeBufferPointer(parse)
        return try result.get()
    }

    package static func parse(_ text: String) throws(JSONSyntaxError) -> JSON { try parse(Array(text.utf8)) }

    /// The line, from 1, on which the value at `path` begins, in a text that parses; nil when it has no such value.
    package static func line(of path: [String], in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(buffer, seeking: path)
            _ = try? parser.document()
            return parser.found.map { offset in 1 + buffer[..<offset].count { $0 == UInt8(ascii: "\n") } }
        }
    }

    private mutating func document() throws(JSONSyntaxError) -> JSON {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        skipSpace()
        let value = try value()
        skipSpace()
        if position < bytes.count { throw error("there is more text after the end of the value") }
        return value
    }

    private func error(_ reason: String, at offset: Int? = nil) -> JSONSyntaxError {
        let end = min(offset ?? position, bytes.count)
        let before = bytes[..<end]
        let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        let column = end - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
        return JSONSyntaxError(line: line, column: column, reason: reason)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func value() throws(JSONSyntaxError) -> JSON {
        if sought?.isEmpty == true, found == nil { found = position }
        guard let byte = next else { throw error("the text ends where a value should be") }
        switch byte {
        case UInt8(ascii: "{"): return try nested { parser throws(JSONSyntaxError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(JSONSyntaxError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error("\(shown(byte)) where a value should be")
        }
    }

    private func shown(_ byte: UInt8) -> String {
        (0x21...0x7E).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONSyntaxError) -> JSON
    ) throws(JSONSyntaxError) -> JSON {
        if depth == depthMax { throw error("nested deeper than \(depthMax) levels") }
        depth += 1
        position += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    /// Runs `body` with the rest of the sought path when `name` is its first part, else without a path.
    private mutating func descending(
        to name: @autoclosure () -> String,
        _ body: (inout JSONParser) throws(JSONSyntaxError) -> JSON
    ) throws(JSONSyntaxError) -> JSON {
        guard let outer = sought else { return try body(&self) }
        sought = outer.first == name() ? outer.dropFirst() : nil
        defer { sought = outer }
        return try body(&self)
    }

    private mutating func object() throws(JSONSyntaxError) -> JSON {
        var members: OrderedDictionary<String, JSON> = [:]
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("a member's name in double quotes should be here") }
            let start = position
            let name = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw error("':' should follow the name \"\(name)\"") }
            position += 1
            skipSpace()
            let value = try descending(to: name) { parser throws(JSONSyntaxError) in try parser.value() }
            if members.updateValue(value, forKey: name) != nil, duplicates == .refused {
                throw error("the member \"\(name)\" is here twice", at: start)
            }
            skipSpace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw error("',' or '}' should follow the member \"\(name)\"")
            }
        }
    }

    private mutating func array() throws(JSONSyntaxError) -> JSON {
        var elements: [JSON] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            skipSpace()
            elements.append(
                try descending(to: String(elements.count)) { parser throws(JSONSyntaxError) in try parser.value() }
            )
            skipSpace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(elements)
            default: throw error("',' or ']' should follow an element")
            }
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONSyntaxError) -> JSON {
        let end = position + word.utf8CodeUnitCount
        let text = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard end <= bytes.count, bytes[position..<end].elementsEqual(text) else {
            throw error("an unknown word; true, false and null are the only ones")
        }
        position = end
        return value
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        if position == start { throw error("a digit should be here") }
    }

    private mutating func number() throws(JSONSyntaxError) -> JSON {
        let start = position
        var isInteger = true
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
        if let byte = next, (0x30...0x39).contains(byte) { throw error("a number may not begin with 0") }
        if next == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        if isInteger, let value = int(in: start..<position) { return .int(value) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // A number that would be written differently than it was read keeps its written form.
        if !isInteger, let value = Double(text), value != 0 || bytes[start] != UInt8(ascii: "-"),
            value.description == text
        {
            return .double(value)
        }
        return .written(WrittenNumber(checked: text))
    }

    /// The integer of these digits; nil when it is too large, and for `-0`.
    private func int(in range: Range<Int>) -> Int64? {
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        var value: Int64 = 0
        for index in (isNegative ? range.dropFirst() : range) {
            // The sum is negative, because the least integer has no positive counterpart.
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOver) = product.subtractingReportingOverflow(Int64(bytes[index] &- 0x30))
            if overflow || isOver { return nil }
            value = sum
        }
        if isNegative { return value == 0 ? nil : value }
        return value == .min ? nil : -value
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            let text = try utf8(bytes[start..<position], at: start)
            position += 1
            return text
        }
        var buffer = Array(bytes[start..<position])
        while true {
            guard let byte = next else { throw error("the text ends inside a string") }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return try utf8(buffer[...], at: start)
            case UInt8(ascii: "\\"): try escape(into: &buffer)
            case ..<0x20: throw error("a control character inside a string must be written as an escape")
            default:
                buffer.append(byte)
                position += 1
            }
        }
    }

    private func utf8(_ text: some Collection<UInt8>, at start: Int) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: text, as: UTF8.self) else {
            throw error("the string is not valid UTF-8", at: start)
        }
        return text
    }

    private mutating func escape(into buffer: inout [UInt8]) throws(JSONSyntaxError) {
        position += 1
        guard let byte = next else { throw error("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            while (0xD800...0xDBFF).contains(unit), bytes[position...].starts(with: [0x5C, 0x75]) {
                position += 2
                let low = try hexadecimal()
                if (0xDC00...0xDFFF).contains(low) {
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
                } else {
                    append(unit, to: &buffer)
                    unit = low
                }
            }
            append(unit, to: &buffer)
        default: throw error("an unknown escape in a string", at: position - 2)
        }
    }

    /// A lone surrogate becomes U+FFFD: models do send them, and UTF-8 cannot hold them.
    private func append(_ scalar: UInt32, to buffer: inout [UInt8]) {
        buffer += Array(String(UnicodeScalar(scalar) ?? "\u{FFFD}").utf8)
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("the text ends inside an escape") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(UnicodeScalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
                throw error("\\u must be followed by four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
