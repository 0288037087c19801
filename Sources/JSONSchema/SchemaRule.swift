import Documents

/// One compiled schema of a document; schemas name each other by their position in the list of all.
enum SchemaNode: Sendable {
    /// `true` or `false`.
    case verdict(Bool)
    case rules([SchemaRule])
}

/// One keyword with its value, checked and ready to be applied.
enum SchemaRule: Sendable {
    case types([SchemaType])
    /// The allowed values, each as its canonical text and as it is written.
    case enumeration(canonical: Set<[UInt8]>, written: [JSON])
    case constant(canonical: [UInt8], written: JSON)

    case minimum(JSON)
    case maximum(JSON)
    case exclusiveMinimum(JSON)
    case exclusiveMaximum(JSON)
    case multipleOf(ExactNumber, written: JSON)

    case length(ClosedRange<Int>)
    case pattern(SchemaPattern)

    case itemCount(ClosedRange<Int>)
    case uniqueItems
    case prefixItems([Int])
    /// The schema of all items from position `from` on.
    case items(Int, from: Int)

    case memberCount(ClosedRange<Int>)
    case required([String])
    case properties([(name: String, schema: Int)])
    /// The schema of all members but those named in `properties`.
    case additionalProperties(Int, known: [String])

    case reference(Int)
    case all([Int])
    case any([Int])
    case one([Int])
    case not(Int)

    /// Schemas that this rule applies to the same value, not to a part of it.
    var inPlace: [Int] {
        switch self {
        case .reference(let schema), .not(let schema): [schema]
        case .all(let schemas), .any(let schemas), .one(let schemas): schemas
        default: []
        }
    }

    /// Whether the rule applies no other schema: such rules come first, so that an alternative fails before its parts
    /// are checked.
    var isAssertion: Bool {
        switch self {
        case .prefixItems, .items, .properties, .additionalProperties, .reference, .all, .any, .one, .not: false
        default: true
        }
    }
}

/// The names that `type` takes.
enum SchemaType: String, CaseIterable, Sendable {
    case null, boolean, object, array, number, string, integer

    func holds(_ value: JSON) -> Bool {
        switch (self, value) {
        case (.null, .null), (.boolean, .bool), (.object, .object), (.array, .array), (.string, .string),
            (.number, .int), (.number, .double), (.number, .written), (.integer, .int):
            true
        case (.integer, .double(let number)): number == number.rounded()
        case (.integer, .written): ExactNumber(value)?.isWhole == true
        default: false
        }
    }

    var description: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .object: "an object"
        case .array: "an array"
        case .number: "a number"
        case .string: "a string"
        case .integer: "a whole number"
        }
    }
}
