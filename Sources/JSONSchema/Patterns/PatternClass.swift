import Documents

/// A set of Unicode scalars, as `[a-z_]`, `\d` or `\p{L}` names one.
struct PatternClass: Sendable {
    private(set) var ranges: [ClosedRange<UInt32>] = []
    private(set) var properties: [(property: PatternProperty, isNegated: Bool)] = []
    var isNegated = false

    init(_ ranges: ClosedRange<UInt32>...) { self.ranges = ranges }

    init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

    init(_ property: PatternProperty, isNegated: Bool) { properties = [(property, isNegated)] }

    static let digits = PatternClass(0x30...0x39)
    static let wordCharacters = PatternClass(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A)
    /// WhiteSpace and LineTerminator of ECMA-262.
    static let spaces = PatternClass(
        0x09...0x0D,
        0x20...0x20,
        0xA0...0xA0,
        0x1680...0x1680,
        0x2000...0x200A,
        0x2028...0x2029,
        0x202F...0x202F,
        0x205F...0x205F,
        0x3000...0x3000,
        0xFEFF...0xFEFF
    )
    /// What a dot stands for.
    static let allButLineEnds = PatternClass(0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029).complement

    /// The complement of a class that names no properties.
    var complement: PatternClass {
        var complement = PatternClass()
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { complement.ranges.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        complement.ranges.append(next...0x10FFFF)
        return complement
    }

    /// The cost of looking for a scalar in it, in steps.
    var size: Int { 1 + ranges.count + properties.count }

    mutating func insert(_ other: PatternClass) {
        ranges += other.ranges
        properties += other.properties
    }

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

    /// One bit for each scalar of ASCII: whether the class holds it.
    var ascii: UInt128 {
        (0..<128).reduce(0) { bits, value in contains(Unicode.Scalar(value)) ? bits | 1 << UInt128(value) : bits }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let isNamed =
            ranges.contains { $0.contains(scalar.value) }
            || properties.contains { $0.property.holds(scalar) != $0.isNegated }
        return isNamed != isNegated
    }
}
