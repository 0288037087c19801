extension JSON {
    /// SHA-256 of the value's compact text, in hexadecimal digits.
    ///
    /// It depends on a number's value and not on its written form, as far as a double holds the value.
    package var sha256: String {
        SHA256.hash(hasWrittenForms ? withoutWrittenForms.bytes : bytes).hexadecimal
    }
}

extension JSON {
    /// The same value with the members of every object in the order of their names.
    package var withSortedMembers: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.withSortedMembers))
        case .object(let members): JSON(members: members.sorted { $0.key < $1.key }.map { ($0, $1.withSortedMembers) })
        default: self
        }
    }
}
