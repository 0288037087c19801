import Documents
package import Jobs

/// A request to one node's daemon, in a file in `control/`, to read its configuration again.
package struct ReloadRequest: Sendable, Equatable {
    private static let action = "reload"

    /// The node that is asked: each daemon has a configuration of its own.
    package let node: String

    package init(node: String) { self.node = node }

    /// Reads a reload request; nil for a request of another kind.
    ///
    /// - Throws: ``DocumentError`` when it names no node, or has other members.
    init?(_ document: Document) throws(DocumentError) {
        guard document.value["action"]?.string == Self.action else { return nil }
        let reader = try MemberReader(document)
        try reader.allowOnly(["action", "node"])
        guard let node = try reader.string("node") else { throw reader.error("node", "is missing") }
        self.node = node
    }

    /// Writes the request into `control/`; durable when this returns.
    ///
    /// - Returns: The file's name in `control/`; the daemon removes the file once it has answered.
    package func submit(to spool: SpoolRoot, id: JobID) throws(SpoolError) -> String {
        let name = "\(id)-\(Self.action).json"
        let request: JSON = ["action": .string(Self.action), "node": .string(node)]
        try ControlRequest.put(request, as: name, into: spool)
        return name
    }
}
