import Documents

/// Why a JSON Schema cannot be used, and where in it.
package struct JSONSchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The schema breaks the rules of JSON Schema.
        case invalid
        /// The schema may be right, but asks for something that is not supported here.
        case unsupported
    }

    package var kind: Kind
    /// Members and array positions, from the schema's root.
    package var path: [String]
    /// What is wrong and what was expected, as a sentence without its full stop.
    package var reason: String

    package init(_ kind: Kind, at path: [String], _ reason: String) {
        (self.kind, self.path, self.reason) = (kind, path, reason)
    }

    /// `#/properties/order/if: the keyword "if" is not supported`.
    package var description: String { "#\(JSONPointer.text(path)): \(reason)" }
}
