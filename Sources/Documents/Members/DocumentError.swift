/// An error in a document that a person wrote: what is wrong, where, and what was expected.
package struct DocumentError: Error, Equatable, CustomStringConvertible {
    /// The document's name or path, when it has one.
    package var document: String?
    /// Counted from 1.
    package var line: Int?
    /// The path of the member, such as `limits.cost_usd`; empty for the document itself.
    package var path: [String]
    /// What is wrong and what was expected, as a sentence without its full stop.
    package var reason: String

    package init(document: String? = nil, line: Int? = nil, path: [String] = [], reason: String) {
        self.document = document
        self.line = line
        self.path = path
        self.reason = reason
    }

    /// `agentspool.yaml:12: queues.default.workflow: there is no workflow "promt"`.
    package var description: String {
        let place = [document, line.map(String.init)].compactMap(\.self).joined(separator: ":")
        let text = line != nil && document == nil ? "line \(place)" : place
        // A member's name can have any length.
        let member = path.map { $0.count <= 60 ? $0 : $0.prefix(60) + "…" }.joined(separator: ".")
        return [text, member, reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
