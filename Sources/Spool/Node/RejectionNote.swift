package import Documents
package import Jobs

/// The `<name>.reason.txt` beside a rejected drop: for people to read, and complete enough to make an index row from.
package struct RejectionNote: Sendable, Equatable {
    package var job: JobName
    package var queue: String
    /// `Owner.tokenUID` for a token.
    package var ownerUID: Int
    /// The name of a drop's submitter for whom the daemon wrote it; nil when the file's owner submitted it.
    package var owner: String?
    package var at: Timestamp
    package var reason: String
    /// The job that already does what the drop asks for.
    package var duplicateOf: JobID?

    package static let ending = ".reason.txt"
    /// In bytes; a larger file is no note.
    static let sizeMax = 1 << 20

    package var fileName: String { job.description + Self.ending }

    package var bytes: [UInt8] {
        let same = duplicateOf.map { "\nsame as:   \($0)" } ?? ""
        let advice =
            duplicateOf.map { "The job \($0) does what it asks for: agentspool show \($0)" }
            ?? "Mend the file and drop it into inbox/\(queue)/ again."
        let text = """
            This drop is no job and was not run: \(reason)

            queue:     \(queue)
            owner uid: \(ownerUID)\(owner.map { "\nowner:     \($0)" } ?? "")
            at:        \(at.text)\(same)

            Nothing was deleted. \(advice)

            """
        return Array(text.utf8)
    }

    package init(
        job: JobName,
        queue: String,
        ownerUID: Int,
        owner: String? = nil,
        at: Timestamp,
        reason: String,
        duplicateOf: JobID? = nil
    ) {
        self.duplicateOf = duplicateOf
        self.job = job
        self.queue = queue
        self.ownerUID = ownerUID
        self.owner = owner
        self.at = at
        // One line, so that the note can be read back.
        self.reason = String(reason.map { $0.isNewline ? " " : $0 })
    }

    /// Reads a note back; nil when a person has rewritten it beyond recognition.
    package init?(fileName: String, _ bytes: [UInt8]) {
        guard fileName.hasSuffix(Self.ending), let job = JobName(fileName.dropLast(Self.ending.count)) else {
            return nil
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        func field(_ label: String) -> String? {
            lines.first { $0.hasPrefix(label) }.map { line in
                String(line.dropFirst(label.count).drop { $0 == " " })
            }
        }
        guard let reason = field("This drop is no job and was not run:"), let queue = field("queue:"),
            let uid = field("owner uid:").flatMap({ Int($0) }), let at = field("at:").flatMap(Timestamp.init(text:))
        else { return nil }
        self.init(
            job: job,
            queue: queue,
            ownerUID: uid,
            owner: field("owner:"),
            at: at,
            reason: reason,
            duplicateOf: field("same as:").flatMap { JobID($0) }
        )
    }

    package var state: JobSummary.State { duplicateOf == nil ? .rejected : .duplicate }

    package var summary: JobSummary {
        var summary = JobSummary(job: job.id.text, name: job.drop, queue: queue, state: state)
        summary.reason = JobSummary.short(reason)
        summary.ownerUID = ownerUID
        summary.owner = owner ?? UserNames.name(of: ownerUID)
        summary.finishedAt = at
        return summary
    }
}
