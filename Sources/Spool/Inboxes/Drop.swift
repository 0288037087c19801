import Documents
package import Jobs

/// A file in an inbox.
package struct Drop: Sendable, Hashable {
    package var queue: String
    /// As the kernel returns it: any bytes but `/` and NUL.
    package var name: [UInt8]

    package init(queue: String, name: [UInt8]) {
        self.queue = queue
        self.name = name
    }

    /// The name for people and logs.
    package var shownName: String { JobName(id: Self.noID, dropName: name).drop }

    private static let noID = JobID(time: Timestamp(milliseconds: 0), high: 0, low: 0)
}

/// What the spool found out about a drop; ``DropRules/makeAcceptance`` decides by it.
package struct DropContents: Sendable {
    package var queue: String
    package var job: JobName
    /// The dropped file's name, without the id that `submit` may have put before it.
    package var name: String
    package var kind: Acceptance.Kind
    /// In bytes.
    package var size: Int
    /// What a batch file holds; nil for other kinds.
    package var outline: BatchOutline?
    package var sha256: String
    /// The uid of the file's owner.
    package var ownerUID: Int
    /// Who submitted a drop that the daemon wrote for another; nil when the file's owner did.
    package var submission: Submission?
    /// The whole text of a job document; nothing of other kinds.
    package var bytes: [UInt8]

    package init(
        queue: String,
        job: JobName,
        name: String,
        kind: Acceptance.Kind,
        size: Int,
        outline: BatchOutline? = nil,
        sha256: String,
        ownerUID: Int,
        submission: Submission? = nil,
        bytes: [UInt8]
    ) {
        (self.queue, self.job, self.name, self.kind, self.size) = (queue, job, name, kind, size)
        (self.outline, self.sha256, self.ownerUID) = (outline, sha256, ownerUID)
        (self.submission, self.bytes) = (submission, bytes)
    }
}

/// Why a drop is no job, as a sentence for its submitter.
package struct Rejection: Error, Sendable, Equatable {
    package var reason: String
    /// The job that already does what the drop asks for; nil for a drop that is refused.
    package var duplicateOf: JobID?

    package init(_ reason: String, duplicateOf: JobID? = nil) {
        (self.reason, self.duplicateOf) = (reason, duplicateOf)
    }
}

/// What a queue asks of its drops.
package struct DropRules: Sendable {
    /// In bytes.
    package var sizeMax: Int
    /// How long a drop must stay unchanged to be taken as complete.
    package var quiet: StabilityTimes
    /// What inotify events showed about this drop's writer.
    package var witness: InboxWatch.WriterObservation = .finished
    /// Whether a table is a batch.
    package var takesRows: Bool
    /// Makes the job's acceptance from a drop's contents, or refuses the drop.
    package var makeAcceptance: @Sendable (DropContents) throws(Rejection) -> Acceptance
    /// Whether a job of this id is known already; such a drop gets a new id.
    package var isTaken: @Sendable (JobID) -> Bool

    /// In bytes. Job documents are read whole, so they have a limit of their own.
    package static let documentSizeMax = 16 << 20

    package init(
        sizeMax: Int,
        quiet: StabilityTimes,
        takesRows: Bool = false,
        isTaken: @escaping @Sendable (JobID) -> Bool,
        makeAcceptance: @escaping @Sendable (DropContents) throws(Rejection) -> Acceptance
    ) {
        self.sizeMax = sizeMax
        self.quiet = quiet
        self.takesRows = takesRows
        self.isTaken = isTaken
        self.makeAcceptance = makeAcceptance
    }
}

/// What became of a drop.
package enum AcceptOutcome: Sendable {
    /// With the record of its acceptance.
    case accepted(OwnedJob, HistoryRecord)
    /// `isTidy` when the daemon has also removed its own files around the drop; else the next take-over removes them.
    case rejected(JobSummary, isTidy: Bool)
    /// It may still be written, so it stays in the inbox. Nil where the kernel reports when the writer is done; else
    /// the caller passes this look back when it is due.
    case unfinished(FileSnapshot?)
    /// It cannot be moved out of its inbox and stays there; other drops in that inbox may still be moved.
    case immovable(SpoolError)
    /// Another process took or removed it.
    case gone
}
