package import Documents
import Jobs
import OrderedCollections
package import Spool

/// A drop that became no job, and why.
package struct RejectedDrop: Sendable {
    package let note: RejectionNote
    /// The absolute path of the drop.
    package let path: String

    /// The rejected drop that `text` means; nil when it means none.
    ///
    /// - Throws: `SpoolError`.
    package init?(of text: String, _ client: SpoolClient) throws {
        // The API says why in its error.
        if try client.remote() != nil { return nil }
        guard let note = try JobFinder(client).findRejected(text) else { return nil }
        self.note = note
        path = "\(client.spool.path)/\(client.spool.path(of: note))"
    }

    package var json: JSON {
        var members = note.summary.json.object ?? [:]
        members["reason"] = .string(note.reason)
        members["path"] = .string(path)
        members["duplicate_of"] = JSON(note.duplicateOf?.text)
        return .object(members)
    }
}
