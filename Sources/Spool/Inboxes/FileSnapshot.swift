package import Documents
import Jobs

/// How a drop that is not taken yet looked, and why it was not taken (docs/filesystem-rules.md, rule 12).
package struct FileSnapshot: Sendable, Equatable {
    /// What a drop waits for.
    package enum Reason: String, Sendable, CaseIterable {
        case writer, settling, empty, link
        case untold, unseen

        /// A part of a sentence whose subject is the drop.
        package var phrase: String {
            switch self {
            case .writer: "its writer still has it open"
            case .settling: "it must stay the same for the queue's settle time"
            case .empty: "it is empty, and its bytes may still come"
            case .link: "it has a second link, which its writer may be about to remove"
            case .untold:
                "the filesystem does not tell whether it is still written, so it must stay the same for a while"
            case .unseen:
                "the kernel does not tell whether its owner still writes, so it must stay the same for a while"
            }
        }
    }

    package var size: Int
    package var modified: Int64
    package var changed: Int64
    /// Since when it has looked like this.
    package var at: Timestamp
    /// When to look at it again.
    package var due: Timestamp
    package var reason: Reason
    /// Whether events had shown by then that its writer is done: later events show no more.
    package var isWriterSeen = false

    init(_ status: FileStatus, at: Timestamp, _ reason: Reason) {
        (size, modified, changed) = (status.size, status.modified, status.changed)
        (self.at, due) = (at, at)
        self.reason = reason
    }

    func isSame(as other: FileSnapshot) -> Bool {
        (size, modified, changed) == (other.size, other.modified, other.changed)
    }
}
