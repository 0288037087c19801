import Documents

/// A part of a regular expression of ECMA-262.
indirect enum PatternNode: Sendable {
    case scalar(PatternClass)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, from: Int, to: Int?)
    case start, end
    case wordBoundary(isWanted: Bool)
    /// Whether what stands ahead, or behind, is matched.
    case look(PatternNode, isAhead: Bool, isWanted: Bool)
}

/// What is wrong with a regular expression.
struct PatternSyntaxError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
