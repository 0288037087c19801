import Jobs

/// The caller behind a connection or a request: a user of this machine, or the name of a token.
package struct Caller: Sendable, Equatable {
    /// Nil for a token.
    package let uid: Int?
    /// The user's name, or the token's.
    package let name: String
    package let role: Role
    /// The only queues that a token may submit to; nil for all.
    package let queues: Set<String>?

    package init(uid: Int?, name: String, role: Role, queues: Set<String>? = nil) {
        (self.uid, self.name, self.role, self.queues) = (uid, name, role, queues)
    }

    /// The owner of the jobs that it submits.
    var owner: Owner { uid.map { Owner(uid: $0, name: name) } ?? .token(name) }

    /// Whether it sees the jobs of others.
    package var seesAll: Bool { role >= .observe }
    /// Whether it acts on the jobs of others, and reads their inputs and outputs.
    package var operatesAll: Bool { role >= .operate }
}
