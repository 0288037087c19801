import Documents
import Jobs
import OrderedCollections

/// The condition of a step's `when`: references, literals, comparisons, `not`, `and`, `or` and parentheses.
///
/// `steps.classify.output.urgent`, `input.amount > 100 and not input.draft`, `steps.sort.output.kind == "refund"`.
/// A reference to something that is not there is false.
package struct Condition: Sendable {
    private indirect enum Node: Sendable {
        case literal(JSON)
        case reference([String])
        case not(Node)
        case and(Node, Node)
        case or(Node, Node)
        case compare(Node, String, Node)
    }

    /// The most levels of nesting.
    private static let depthMax = 32

    private let node: Node

    /// What is wrong with the text of a condition.
    package struct Fault: Error { package var reason: String }

    /// - Parameters:
    ///   - steps: The names that may follow `steps.`.
    ///   - roots: The names with which a reference may begin.
    package init(_ text: String, steps: Set<String>, roots: [String] = Scope.roots) throws(Fault) {
        var parser = Parser(tokens: try Self.tokens(of: text)[...], steps: steps, roots: roots)
        node = try parser.disjunction(depth: 0)
        if let extra = parser.tokens.first { throw Fault(reason: "\"\(extra.text)\" does not belong here") }
    }

    package func isTrue(in scope: Scope) -> Bool { Self.value(of: node, scope).isTruthy }

    /// Whether it is certainly false: nothing that it depends on is missing, or of a kind that cannot be compared.
    func isCertainlyFalse(in scope: Scope) -> Bool { Self.certainty(of: node, scope) == false }

    /// The truth value in Kleene's three-valued logic; nil for unknown.
    private static func certainty(of node: Node, _ scope: Scope) -> Bool? {
        switch node {
        case .literal(let value): return value.isTruthy
        case .reference(let path): return scope.value(at: path)?.isTruthy
        case .not(let node): return certainty(of: node, scope).map { !$0 }
        case .and(let left, let right):
            let (left, right) = (certainty(of: left, scope), certainty(of: right, scope))
            if left == false || right == false { return false }
            return left == nil || right == nil ? nil : true
        case .or(let left, let right):
            let (left, right) = (certainty(of: left, scope), certainty(of: right, scope))
            if left == true || right == true { return true }
            return left == nil || right == nil ? nil : false
        case .compare(let left, let comparison, let right):
            guard isThere(left, scope), isThere(right, scope) else { return nil }
            let (left, right) = (value(of: left, scope), value(of: right, scope))
            let areAlike = left.isNumber && right.isNumber || left.string != nil && right.string != nil
            return areAlike || ["==", "!="].contains(comparison) ? compare(left, comparison, right) : nil
        }
    }

    private static func isThere(_ node: Node, _ scope: Scope) -> Bool {
        if case .reference(let path) = node { scope.value(at: path) != nil } else { true }
    }

    // MARK: Value

    private static func value(of node: Node, _ scope: Scope) -> JSON {
        switch node {
        case .literal(let value): value
        case .reference(let path): scope.value(at: path) ?? .null
        case .not(let node): .bool(!value(of: node, scope).isTruthy)
        case .and(let left, let right): .bool(value(of: left, scope).isTruthy && value(of: right, scope).isTruthy)
        case .or(let left, let right): .bool(value(of: left, scope).isTruthy || value(of: right, scope).isTruthy)
        case .compare(let left, let comparison, let right):
            .bool(compare(operand(left, against: right, scope), comparison, operand(right, against: left, scope)))
        }
    }

    private static func compare(_ left: JSON, _ comparison: String, _ right: JSON) -> Bool {
        func ordered<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
            switch comparison {
            case "==": left == right
            case "!=": left != right
            case "<": left < right
            case "<=": left <= right
            case ">": left > right
            default: left >= right
            }
        }
        // Not as doubles, which cannot tell large ids apart.
        if case .int(let left) = left, case .int(let right) = right { return ordered(left, right) }
        if let (left, right) = numbers(left, right) { return ordered(left, right) }
        if let left = left.string, let right = right.string { return ordered(left, right) }
        switch comparison {
        case "==": return left == right
        case "!=": return left != right
        default: return false
        }
    }

    private static func numbers(_ left: JSON, _ right: JSON) -> (ExactNumber, ExactNumber)? {
        guard let left = ExactNumber(left), let right = ExactNumber(right) else { return nil }
        return (left, right)
    }

    /// A value to compare; text that looks like a number counts as one when a reference gives it and the other side is
    /// a number.
    ///
    /// Of a command's output `1.0` is text, and `0.9` is a number.
    private static func operand(_ node: Node, against other: Node, _ scope: Scope) -> JSON {
        let value = value(of: node, scope)
        guard case .reference = node, let text = value.string, let number = JSON(number: text) else { return value }
        return self.value(of: other, scope).isNumber ? number : value
    }

    // MARK: Parsing

    private struct Token {
        enum Kind { case word, string, number, mark }
        var kind: Kind
        var text: String
    }

    private static func tokens(of text: String) throws(Fault) -> [Token] {
        var tokens: [Token] = []
        var rest = text[...]
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
            } else if first == "\"" || first == "'" {
                guard let end = rest.dropFirst().firstIndex(of: first) else {
                    throw Fault(reason: "a quote is not closed")
                }
                tokens.append(Token(kind: .string, text: String(rest[rest.index(after: rest.startIndex)..<end])))
                rest = rest[rest.index(after: end)...]
            } else if let mark = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "(", ")", "!"].first(
                where: rest.hasPrefix
            ) {
                tokens.append(Token(kind: .mark, text: mark))
                rest = rest.dropFirst(mark.count)
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"()=!<>&|\"'".contains($0) }
                if word.isEmpty { throw Fault(reason: "\"\(first)\" does not belong here") }
                tokens.append(Token(kind: Double(word) == nil ? .word : .number, text: String(word)))
                rest = rest.dropFirst(word.count)
            }
        }
        return tokens
    }

    private struct Parser {
        var tokens: ArraySlice<Token>
        let steps: Set<String>
        let roots: [String]

        mutating func take(_ words: String...) -> String? {
            guard let next = tokens.first, next.kind != .string, words.contains(next.text) else { return nil }
            tokens = tokens.dropFirst()
            return next.text
        }

        mutating func disjunction(depth: Int) throws(Fault) -> Node {
            if depth > Condition.depthMax { throw Fault(reason: "nested deeper than \(Condition.depthMax) levels") }
            var left = try conjunction(depth)
            while take("or", "||") != nil { left = .or(left, try conjunction(depth)) }
            return left
        }

        private mutating func conjunction(_ depth: Int) throws(Fault) -> Node {
            var left = try negation(depth)
            while take("and", "&&") != nil { left = .and(left, try negation(depth)) }
            return left
        }

        private mutating func negation(_ depth: Int) throws(Fault) -> Node {
            if depth > Condition.depthMax { throw Fault(reason: "nested deeper than \(Condition.depthMax) levels") }
            if take("not", "!") != nil { return .not(try negation(depth + 1)) }
            let left = try operand(depth)
            guard let comparison = take("==", "!=", "<=", ">=", "<", ">") else { return left }
            return .compare(left, comparison, try operand(depth))
        }

        private mutating func operand(_ depth: Int) throws(Fault) -> Node {
            if take("(") != nil {
                let inner = try disjunction(depth: depth + 1)
                guard take(")") != nil else { throw Fault(reason: "\")\" is missing") }
                return inner
            }
            guard let token = tokens.popFirst() else { throw Fault(reason: "the condition ends too early") }
            switch (token.kind, token.text) {
            case (.string, let text): return .literal(.string(text))
            case (.number, let text):
                return .literal(JSON(number: text) ?? Int64(text).map(JSON.int) ?? .double(Double(text) ?? 0))
            case (.word, "true"): return .literal(true)
            case (.word, "false"): return .literal(false)
            case (.word, "null"): return .literal(.null)
            case (.word, let text):
                guard let parts = Reference.parts(of: text) else {
                    throw Fault(reason: "\"\(text)\" is neither a reference nor a value")
                }
                if let fault = Reference.fault(in: parts, steps: steps, roots: roots) { throw Fault(reason: fault) }
                return .reference(parts)
            case (.mark, let text): throw Fault(reason: "\"\(text)\" does not belong here")
            }
        }
    }
}

extension JSON {
    /// Whether the value counts as true: null, false, 0, and the empty string, list and object do not.
    fileprivate var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .written: ExactNumber(self)?.digits.isEmpty == false
        case .string(let value): !value.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }
}
