import Documents

/// Reads a regular expression of ECMA-262, as it is under the flag `u`; stray brackets and braces stand for themselves.
///
/// References to groups are refused: matching them can take exponential time.
struct PatternParser {
    /// The deepest nesting of groups.
    static let depthMax = 64

    private var rest: ArraySlice<Unicode.Scalar>

    /// - Throws: ``PatternSyntaxError``.
    static func parse(_ text: String) throws(PatternSyntaxError) -> PatternNode {
        var parser = PatternParser(rest: Array(text.unicodeScalars)[...])
        let node = try parser.choice(depth: 0)
        if !parser.rest.isEmpty { throw PatternSyntaxError("a \")\" closes no group") }
        return node
    }

    private mutating func take(_ scalars: String) -> Bool {
        guard rest.starts(with: scalars.unicodeScalars) else { return false }
        rest = rest.dropFirst(scalars.unicodeScalars.count)
        return true
    }

    private mutating func choice(depth: Int) throws(PatternSyntaxError) -> PatternNode {
        if depth > Self.depthMax { throw PatternSyntaxError("groups are nested deeper than \(Self.depthMax) levels") }
        var branches = [try sequence(depth: depth)]
        while take("|") { branches.append(try sequence(depth: depth)) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence(depth: Int) throws(PatternSyntaxError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let next = rest.first, next != "|", next != ")" { nodes.append(try term(depth: depth)) }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func term(depth: Int) throws(PatternSyntaxError) -> PatternNode {
        if let assertion = try assertion(depth: depth) { return assertion }
        let atom = try atom(depth: depth)
        guard let (from, to) = try quantifier() else { return atom }
        _ = take("?")
        return .repeated(atom, from: from, to: to)
    }

    private mutating func assertion(depth: Int) throws(PatternSyntaxError) -> PatternNode? {
        if take("^") { return .start }
        if take("$") { return .end }
        if take("\\b") { return .wordBoundary(isWanted: true) }
        if take("\\B") { return .wordBoundary(isWanted: false) }
        for (opening, isAhead, isWanted) in [
            ("(?=", true, true), ("(?!", true, false), ("(?<=", false, true), ("(?<!", false, false),
        ] where take(opening) {
            return .look(try group(depth: depth), isAhead: isAhead, isWanted: isWanted)
        }
        return nil
    }

    /// The rest of a group that was opened.
    private mutating func group(depth: Int) throws(PatternSyntaxError) -> PatternNode {
        let node = try choice(depth: depth + 1)
        if !take(")") { throw PatternSyntaxError("a group is not closed") }
        return node
    }

    private mutating func atom(depth: Int) throws(PatternSyntaxError) -> PatternNode {
        guard let scalar = rest.popFirst() else { throw PatternSyntaxError("it ends too early") }
        switch scalar {
        case ".": return .scalar(.allButLineEnds)
        case "(":
            if take("?:") { return try group(depth: depth) }
            if take("?<") {
                guard let end = rest.firstIndex(of: ">"), end > rest.startIndex else {
                    throw PatternSyntaxError("a group's name is not closed")
                }
                rest = rest[(end + 1)...]
            } else if rest.first == "?" {
                throw PatternSyntaxError("a group of a kind that is not known here")
            }
            return try group(depth: depth)
        case "[": return .scalar(try PatternClassParser.parse(&rest))
        case "\\": return .scalar(try PatternEscape.parse(&rest, isInClass: false))
        case "*", "+", "?": throw PatternSyntaxError("\"\(scalar)\" repeats nothing")
        default: return .scalar(PatternClass(scalar))
        }
    }

    private mutating func quantifier() throws(PatternSyntaxError) -> (from: Int, to: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = rest
        guard take("{"), let from = number() else {
            rest = start
            return nil
        }
        var to: Int? = from
        if take(",") { to = number() }
        guard take("}") else {
            rest = start
            return nil
        }
        if let to, to < from { throw PatternSyntaxError("a repetition ends before it begins") }
        return (from, to)
    }

    /// The number that follows, capped just above the most steps of a program.
    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        if digits.isEmpty { return nil }
        return digits.reduce(0) { min($0 * 10 + Int($1.value - 0x30), PatternProgram.stepsMax + 1) }
    }
}
