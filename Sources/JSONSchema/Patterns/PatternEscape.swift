import Documents

/// Reads an escape after its backslash: the scalars that it stands for.
enum PatternEscape {
    static func parse(
        _ rest: inout ArraySlice<Unicode.Scalar>,
        isInClass: Bool
    ) throws(PatternSyntaxError) -> PatternClass {
        guard let scalar = rest.popFirst() else { throw PatternSyntaxError("it ends within an escape") }
        switch scalar {
        case "d": return .digits
        case "D": return PatternClass.digits.complement
        case "w": return .wordCharacters
        case "W": return PatternClass.wordCharacters.complement
        case "s": return .spaces
        case "S": return PatternClass.spaces.complement
        case "t": return PatternClass("\t")
        case "n": return PatternClass("\n")
        case "v": return PatternClass("\u{0B}")
        case "f": return PatternClass("\u{0C}")
        case "r": return PatternClass("\r")
        case "b" where isInClass: return PatternClass("\u{08}")
        case "0" where rest.first.map { !("0"..."9").contains($0) } ?? true: return PatternClass("\0")
        case "c":
            guard let letter = rest.popFirst(), letter.isASCII, letter.properties.isAlphabetic else {
                throw PatternSyntaxError("\\c must be followed by a letter")
            }
            let value = letter.value % 32
            return PatternClass(value...value)
        case "x": return PatternClass(try scalar16(hexadecimal(&rest, 2)))
        case "u": return PatternClass(try unicode(&rest))
        case "p", "P": return PatternClass(try property(&rest), isNegated: scalar == "P")
        case "1"..."9", "k":
            throw PatternSyntaxError("a reference to a group, which is not supported here")
        case let scalar where scalar.isASCII && PatternClass.wordCharacters.contains(scalar) && scalar != "_":
            throw PatternSyntaxError("the escape \\\(scalar) is not known")
        default: return PatternClass(scalar)
        }
    }

    private static func scalar16(_ value: UInt32) throws(PatternSyntaxError) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(value) else { throw PatternSyntaxError("an escape names no character") }
        return scalar
    }

    /// What follows `\u`: four digits, two times four of a surrogate pair, or any number in braces.
    private static func unicode(_ rest: inout ArraySlice<Unicode.Scalar>) throws(PatternSyntaxError) -> Unicode.Scalar {
        if rest.first == "{" {
            rest.removeFirst()
            let count = rest.prefix { $0 != "}" }.count
            guard (1...6).contains(count), count < rest.count else {
                throw PatternSyntaxError("an escape is not closed")
            }
            let value = try hexadecimal(&rest, count)
            rest.removeFirst()
            return try scalar16(value)
        }
        let high = try hexadecimal(&rest, 4)
        guard (0xD800...0xDBFF).contains(high), rest.starts(with: "\\u".unicodeScalars) else {
            return try scalar16(high)
        }
        rest.removeFirst(2)
        let low = try hexadecimal(&rest, 4)
        guard (0xDC00...0xDFFF).contains(low) else { throw PatternSyntaxError("half a surrogate pair stands alone") }
        return try scalar16(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    }

    private static func hexadecimal(
        _ rest: inout ArraySlice<Unicode.Scalar>,
        _ count: Int
    ) throws(PatternSyntaxError) -> UInt32 {
        let digits = rest.prefix(count)
        guard digits.count == count else { throw PatternSyntaxError("an escape ends too early") }
        var value: UInt32 = 0
        for digit in digits {
            guard digit.isASCII, let number = Character(digit).hexDigitValue else {
                throw PatternSyntaxError("an escape needs \(count) hexadecimal digits")
            }
            value = value << 4 | UInt32(number)
        }
        rest = rest.dropFirst(count)
        return value
    }

    private static func property(_ rest: inout ArraySlice<Unicode.Scalar>) throws(PatternSyntaxError) -> PatternProperty
    {
        guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
            throw PatternSyntaxError("\\p must be followed by a property in braces")
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: rest[(rest.startIndex + 1)..<end])
        let name = String(text)
        guard let property = PatternProperty(name) else {
            throw PatternSyntaxError("the property \"\(name)\" is not known here")
        }
        rest = rest[(end + 1)...]
        return property
    }
}
