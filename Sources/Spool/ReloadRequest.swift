package import Jobs

/// What a person asks of one node's daemon through a file in `control/`: to read its configuration again.
package struct ReloadRequest: Sendable, Equatable {
    private static let action = "reload"

    /// The node that is asked: each daemon has a configuration of its own.
    package let node: String

    package init(node: String) { self.node = node }

    /// Reads such a request; nil for one of another kind.
    ///
    /// - Throws: ``DocumentError`` when it says anything else.
    init?(_ document: Document) throws(DocumentError) {
        guard document.value["action"]?.string == Self.action else { return nil }
        let reader = try MemberReader(document)
        try reader.allowOnly(["action", "node"])
        guard let node = try reader.string("node") else { throw reader.error("node", "is missing") }
        self.node = node
    }

    /// Puts the request where the daemon finds it; on disk when this returns.
    ///
    /// - Returns: The file's name in `control/`, which is gone once the request was answered.
    package func submit(to spool: SpoolRoot, id: JobID) throws(SpoolError) -> String {
        let name = "\(id)-\(Self.action).json"
        let request: JSON = ["action": .string(Self.action), "node": .string(node)]
        try ControlRequest.put(request, as: name, into: spool)
        return name
    }
}
