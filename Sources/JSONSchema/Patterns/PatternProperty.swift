import Documents

/// What `\p{…}` can name: a general category of Unicode, a group of them, or one of a few properties.
enum PatternProperty: Sendable {
    case categories(Set<Unicode.GeneralCategory>)
    case alphabetic, lowercase, uppercase, ascii, any

    /// Reads `L`, `Lu`, `Letter`, `gc=L`, `General_Category=Lu`, `Alphabetic` …; nil for what is not known here.
    init?(_ name: String) {
        let parts = name.split(separator: "=", omittingEmptySubsequences: false)
        if parts.count == 2, ["gc", "General_Category"].contains(parts[0]) {
            guard let categories = Self.categories(String(parts[1])) else { return nil }
            self = .categories(categories)
        } else if let categories = Self.categories(name) {
            self = .categories(categories)
        } else {
            switch name {
            case "Alphabetic", "Alpha": self = .alphabetic
            case "Lowercase", "Lower": self = .lowercase
            case "Uppercase", "Upper": self = .uppercase
            case "ASCII": self = .ascii
            case "Any": self = .any
            default: return nil
            }
        }
    }

    func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .categories(let categories): categories.contains(scalar.properties.generalCategory)
        case .alphabetic: scalar.properties.isAlphabetic
        case .lowercase: scalar.properties.isLowercase
        case .uppercase: scalar.properties.isUppercase
        case .ascii: scalar.isASCII
        case .any: true
        }
    }

    /// A group is named by the letter that the short names of its categories begin with.
    private static func categories(_ name: String) -> Set<Unicode.GeneralCategory>? {
        let short = groups[name] ?? name
        let found = names.filter { names in
            names.short == short || names.long == name || (short.count == 1 && names.short.hasPrefix(short))
        }
        return found.isEmpty ? nil : Set(found.map(\.category))
    }

    private static let groups = [
        "Letter": "L", "Mark": "M", "Number": "N", "Punctuation": "P", "punct": "P", "Symbol": "S", "Separator": "Z",
        "Other": "C",
    ]

    private static let names: [(short: String, long: String, category: Unicode.GeneralCategory)] = [
        ("Lu", "Uppercase_Letter", .uppercaseLetter), ("Ll", "Lowercase_Letter", .lowercaseLetter),
        ("Lt", "Titlecase_Letter", .titlecaseLetter), ("Lm", "Modifier_Letter", .modifierLetter),
        ("Lo", "Other_Letter", .otherLetter), ("Mn", "Nonspacing_Mark", .nonspacingMark),
        ("Mc", "Spacing_Mark", .spacingMark), ("Me", "Enclosing_Mark", .enclosingMark),
        ("Nd", "Decimal_Number", .decimalNumber), ("Nd", "digit", .decimalNumber),
        ("Nl", "Letter_Number", .letterNumber), ("No", "Other_Number", .otherNumber),
        ("Pc", "Connector_Punctuation", .connectorPunctuation), ("Pd", "Dash_Punctuation", .dashPunctuation),
        ("Ps", "Open_Punctuation", .openPunctuation), ("Pe", "Close_Punctuation", .closePunctuation),
        ("Pi", "Initial_Punctuation", .initialPunctuation), ("Pf", "Final_Punctuation", .finalPunctuation),
        ("Po", "Other_Punctuation", .otherPunctuation), ("Sm", "Math_Symbol", .mathSymbol),
        ("Sc", "Currency_Symbol", .currencySymbol), ("Sk", "Modifier_Symbol", .modifierSymbol),
        ("So", "Other_Symbol", .otherSymbol), ("Zs", "Space_Separator", .spaceSeparator),
        ("Zl", "Line_Separator", .lineSeparator), ("Zp", "Paragraph_Separator", .paragraphSeparator),
        ("Cc", "Control", .control), ("Cf", "Format", .format), ("Cs", "Surrogate", .surrogate),
        ("Co", "Private_Use", .privateUse), ("Cn", "Unassigned", .unassigned),
    ]
}
