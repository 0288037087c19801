import Documents

/// What can be read of a message that cannot be parsed: the request that it answers.
///
/// It reads the members of the outermost object as far as they go, and knows just enough of JSON for that.
struct PartialResponse {
    /// The number of the request that the message answers; nil when it was not found.
    private(set) var id: Int?
    /// Whether it has a member that only answers have.
    private(set) var isAnswer = false

    private var rest: ArraySlice<UInt8>

    /// - Parameters:
    ///   - head: The message's beginning, or all of it.
    ///   - tail: Its last bytes.
    init(head: [UInt8], tail: [UInt8]) {
        rest = head[...]
        readMembers()
        if id == nil { id = Self.lastMember(tail) }
    }

    init(_ line: LongLine) { self.init(head: line.head, tail: line.tail) }

    private mutating func readMembers() {
        skip { $0 <= 0x20 || $0 > 0x7F }
        guard rest.popFirst() == UInt8(ascii: "{") else { return }
        while true {
            skip { $0 <= 0x20 || $0 == UInt8(ascii: ",") }
            guard let name = string() else { return }
            skip { $0 <= 0x20 || $0 == UInt8(ascii: ":") }
            if name == "result" || name == "error" { isAnswer = true }
            if name == "id" { id = Self.number(rest) }
            guard skipValue() else { return }
        }
    }

    private mutating func skip(_ isPassedOver: (UInt8) -> Bool) { rest = rest.drop(while: isPassedOver) }

    /// The string that begins here, with its escapes as they are; nil when there is none, or it does not end.
    private mutating func string() -> String? {
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        var isEscaped = false
        for index in rest.indices.dropFirst() {
            if isEscaped {
                isEscaped = false
            } else if rest[index] == UInt8(ascii: "\\") {
                isEscaped = true
            } else if rest[index] == UInt8(ascii: "\"") {
                let text = rest[rest.startIndex + 1..<index]
                rest = rest[(index + 1)...]
                return String(decoding: text, as: UTF8.self)
            }
        }
        return nil
    }

    /// - Returns: False when the value does not end.
    private mutating func skipValue() -> Bool {
        var depth = 0
        while let byte = rest.first {
            switch byte {
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
                if depth == 0 { return true }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
                if depth == 0 {
                    rest = rest.dropFirst()
                    return true
                }
            case UInt8(ascii: ","):
                if depth == 0 { return true }
            default: break
            }
            rest = rest.dropFirst()
        }
        return false
    }

    /// The whole number at the beginning, in quotes or without; nil when the number may go on after the end.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        let digits = bytes.drop { $0 == UInt8(ascii: "\"") }.prefix { (0x30...0x39).contains($0) }
        return digits.endIndex == bytes.endIndex ? nil : Int(String(decoding: digits, as: UTF8.self))
    }

    /// The id when it is the last member: `,"id":7}` and nothing behind it.
    private static func lastMember(_ tail: [UInt8]) -> Int? {
        var text = String(decoding: tail, as: UTF8.self)[...]
        func trim() { while text.last?.isWhitespace == true { text.removeLast() } }
        trim()
        guard text.popLast() == "}" else { return nil }
        trim()
        if text.last == "\"" { text.removeLast() }
        let digits = text.reversed().prefix { $0.isASCII && $0.isNumber }
        text.removeLast(digits.count)
        if text.last == "\"" { text.removeLast() }
        trim()
        guard text.popLast() == ":" else { return nil }
        trim()
        return text.hasSuffix("\"id\"") ? Int(String(digits.reversed())) : nil
    }
}
