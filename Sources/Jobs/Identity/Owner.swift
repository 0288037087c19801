/// The user or the token that a job belongs to.
package struct Owner: Sendable, Hashable, CustomStringConvertible {
    /// The uid of a user; ``tokenUID`` for a token.
    package var uid: Int
    /// The user's name, or the uid where there is no name; a token's name.
    package var name: String

    /// Stands for a token in the place of a uid, so that a token and a user of the same name never mix.
    package static let tokenUID = -1

    package init(uid: Int, name: String) { (self.uid, self.name) = (uid, name) }

    package static func token(_ name: String) -> Owner { Owner(uid: tokenUID, name: name) }

    package var isToken: Bool { uid == Self.tokenUID }

    /// Whether both are one: users by their uid, because a name may change; tokens by their name.
    package func isSame(as other: Owner) -> Bool { uid == other.uid && (!isToken || name == other.name) }

    /// For people and logs.
    package var description: String { isToken ? "the token \(name)" : name }
}
