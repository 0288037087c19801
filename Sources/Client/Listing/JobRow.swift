package import Documents
package import Jobs
import OrderedCollections
import Spool

/// A row of a list: a job's, or that of a drop which has no id yet.
package struct JobRow: Sendable, Equatable {
    package private(set) var summary: JobSummary

    init(_ summary: JobSummary) { self.summary = summary }

    init(_ waiting: WaitingDrop, _ reason: FileSnapshot.Reason?, _ owner: Owner) {
        let named = String(validating: waiting.drop.name, as: UTF8.self).flatMap(JobName.init)
        summary = JobSummary(
            job: named?.id.text ?? "",
            name: named?.drop ?? waiting.drop.shownName,
            queue: waiting.drop.queue,
            state: .waiting
        )
        summary.reason = "in the inbox"
        summary.why = reason.map { "in the inbox: \($0.phrase)" } ?? "in the inbox"
        (summary.ownerUID, summary.owner) = (owner.uid, owner.name)
    }

    /// Whether the name or the id has this part, in upper or lower case.
    func has(_ text: String) -> Bool {
        let text = text.lowercased()
        return [summary.name, summary.job].contains { $0.lowercased().contains(text) }
    }

    package var json: JSON {
        guard summary.job.isEmpty, case .object(var members) = summary.json else { return summary.json }
        members["job"] = .null
        return .object(members)
    }
}
