package import Documents

extension JSON {
    /// The number that `text` spells.
    package static func number(_ text: String) -> JSON {
        guard let number = JSON(number: text) else { preconditionFailure("\(text) is no number") }
        return number
    }
}
