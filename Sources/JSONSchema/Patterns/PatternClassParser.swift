import Documents

/// Reads a class such as `[^a-z\d_]` after its opening bracket.
enum PatternClassParser {
    static func parse(_ rest: inout ArraySlice<Unicode.Scalar>) throws(PatternSyntaxError) -> PatternClass {
        var set = PatternClass()
        if rest.first == "^" {
            rest.removeFirst()
            set.isNegated = true
        }
        while let scalar = rest.popFirst() {
            if scalar == "]" { return set }
            let lower = try member(scalar, &rest)
            guard rest.first == "-", let next = rest.dropFirst().first, next != "]" else {
                set.insert(lower)
                continue
            }
            rest.removeFirst(2)
            let upper = try member(next, &rest)
            guard let from = lower.single, let to = upper.single else {
                // As in `[\d-x]`, where the sign stands for itself.
                for part in [lower, PatternClass("-"), upper] { set.insert(part) }
                continue
            }
            if to < from { throw PatternSyntaxError("a range of a class ends before it begins") }
            set.insert(from...to)
        }
        throw PatternSyntaxError("a class is not closed")
    }

    private static func member(
        _ scalar: Unicode.Scalar,
        _ rest: inout ArraySlice<Unicode.Scalar>
    ) throws(PatternSyntaxError) -> PatternClass {
        scalar == "\\" ? try PatternEscape.parse(&rest, isInClass: true) : PatternClass(scalar)
    }
}

extension PatternClass {
    /// The only scalar of the class, when it has no other.
    fileprivate var single: UInt32? {
        guard properties.isEmpty, ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
