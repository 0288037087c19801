import Documents

/// A shell pattern for file names, without regard to case: `*`, `?`, `[a-z]`, `[!a-z]`.
///
/// `\` makes the next character literal. The forms of `ä` that macOS and Windows write are equal.
package struct NamePattern: Sendable, Equatable {
    /// Why a text is no pattern, as a part of a sentence.
    package struct Fault: Error, Sendable, Equatable {
        package var reason: String
    }

    private enum Part: Sendable, Equatable {
        case one(Character)
        case any
        case anyNumber
        case set([ClosedRange<Character>], isNegated: Bool)

        func fits(_ character: Character) -> Bool {
            switch self {
            case .one(let wanted): character == wanted
            case .any, .anyNumber: true
            case .set(let ranges, let isNegated): ranges.contains { $0.contains(character) } != isNegated
            }
        }
    }

    /// As it was written.
    package let text: String
    private let parts: [Part]

    /// Reads a pattern.
    ///
    /// - Throws: ``Fault``.
    package init(_ text: String) throws(Fault) {
        self.text = text
        if text.isEmpty { throw Fault(reason: "an empty pattern fits no name") }
        if text.contains("/") { throw Fault(reason: "\(text) has a /, and no name has one") }
        if text.contains("{") || text.contains("}") {
            throw Fault(reason: "\(text) has braces, which mean nothing here; write one pattern for each ending")
        }
        var parts: [Part] = []
        var rest = Array(text.lowercased())[...]
        while let character = rest.popFirst() {
            switch character {
            case "*": if parts.last != .anyNumber { parts.append(.anyNumber) }
            case "?": parts.append(.any)
            case "[": parts.append(try Self.set(&rest, of: text))
            case "\\":
                guard let literal = rest.popFirst() else { throw Fault(reason: "\(text) ends in a \\") }
                parts.append(.one(literal))
            default: parts.append(.one(character))
            }
        }
        self.parts = parts
    }

    private static func set(_ rest: inout ArraySlice<Character>, of text: String) throws(Fault) -> Part {
        let isNegated = rest.first == "!" || rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<Character>] = []
        while let first = rest.popFirst() {
            // A `]` that comes first is a member of the set.
            if first == "]", !ranges.isEmpty { return .set(ranges, isNegated: isNegated) }
            guard rest.first == "-", let last = rest.dropFirst().first, last != "]" else {
                ranges.append(first...first)
                continue
            }
            rest.removeFirst(2)
            if last < first { throw Fault(reason: "\(text) has a range that ends before it begins") }
            ranges.append(first...last)
        }
        throw Fault(reason: "\(text) has a [ without its ]")
    }

    /// A name in the form that ``fits(_:)`` takes.
    package static func folded(_ name: [UInt8]) -> [Character] {
        Array(String(decoding: name, as: UTF8.self).lowercased())
    }

    /// Whether the pattern matches a name that was ``folded(_:)``.
    package func fits(_ name: [Character]) -> Bool {
        var (part, character) = (0, 0)
        // The last `*`, and where in the name its match ends.
        var star: (part: Int, character: Int)?
        while character < name.count {
            if part < parts.count, parts[part] == .anyNumber {
                star = (part, character)
                part += 1
            } else if part < parts.count, parts[part].fits(name[character]) {
                part += 1
                character += 1
            } else if let last = star {
                star = (last.part, last.character + 1)
                (part, character) = (last.part + 1, last.character + 1)
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anyNumber }
    }

    package static func == (left: NamePattern, right: NamePattern) -> Bool { left.text == right.text }
}
