package import OrderedCollections

/// A JSON value (RFC 8259) that keeps the order of members and every digit of numbers.
///
/// The project has its own type because history records are its hot path, and because a document's
/// errors must name a line: the general decoders lose order, merge duplicate members and forget lines.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    /// A number that `Int64` and `Double` would both write differently.
    case written(WrittenNumber)
    case string(String)
    case array([JSON])
    case object(OrderedDictionary<String, JSON>)
}

extension JSON {
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    package var object: OrderedDictionary<String, JSON>? { if case .object(let value) = self { value } else { nil } }
    package var isNull: Bool { self == .null }

    /// The integer, also of a number such as `5.0` that has no fraction.
    package var int: Int? {
        switch self {
        case .int(let value): Int(exactly: value)
        case .double(let value): Int(exactly: value)
        case .written: ExactNumber(self)?.int64.flatMap { Int(exactly: $0) }
        default: nil
        }
    }

    /// The nearest double of a number.
    package var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        case .written(let number): number.double
        default: nil
        }
    }

    /// The name of this kind of value for people: `a string`, `an object` …
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .double, .written: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// Whether arrays and objects are nested more than `levels` deep, this value included.
    package func isNested(deeperThan levels: Int) -> Bool {
        switch self {
        case .array(let elements): levels == 0 || elements.contains { $0.isNested(deeperThan: levels - 1) }
        case .object(let members): levels == 0 || members.values.contains { $0.isNested(deeperThan: levels - 1) }
        default: false
        }
    }

    /// An object of the members that are not nil.
    package init(members: [(String, JSON?)]) {
        self = .object(
            OrderedDictionary(
                members.compactMap { name, value in value.map { (name, $0) } },
                uniquingKeysWith: { _, last in last }
            )
        )
    }

    /// The member of an object, or nil when this is no object or has no such member.
    package subscript(member: String) -> JSON? { object?[member] }

    /// Follows names and array positions from here; nil as soon as one is missing.
    package func value(at path: some Sequence<some StringProtocol>) -> JSON? {
        var current = self
        for part in path {
            switch current {
            case .object(let members):
                guard let next = members[String(part)] else { return nil }
                current = next
            case .array(let elements):
                guard let index = Int(part), elements.indices.contains(index) else { return nil }
                current = elements[index]
            default: return nil
            }
        }
        return current
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(OrderedDictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
