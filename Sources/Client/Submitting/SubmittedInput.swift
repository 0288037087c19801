/// What a person or a program gives to be submitted, before it is a drop.
package struct SubmittedInput: Sendable, Equatable {
    package var name: String
    package var bytes: [UInt8]
    /// Whether the giver chose the name, so that its ending says what the bytes are.
    package var isNamed: Bool

    package init(name: String, bytes: [UInt8], isNamed: Bool = true) {
        (self.name, self.bytes, self.isNamed) = (name, bytes, isNamed)
    }
}
