import Documents
import Jobs

/// What the engine must look at again after failures: everything from time to time, and the jobs that a failure left in
/// this node's directory.
struct Recovery {
    private var backoff = RetryBackoff()
    /// A full scan is due: the loop looks for dead nodes and stranded jobs.
    private var mustLookAround = false
    /// A directory may be without its watch.
    private var mustWatchAgain = false
    /// `processing/` may hold jobs that a failure interrupted and that the engine does not run.
    private var mayHaveStranded = false
    private var mustTakeUpStranded = false
    /// Jobs whose unreadable history was logged.
    private var unreadable: Set<JobName> = []

    /// When to try again after a failure.
    var nextLook: Timestamp? { backoff.nextLook }

    /// Whether no job may be left that the engine does not run.
    var isDone: Bool { !mayHaveStranded }

    // MARK: Events

    /// Something failed, and may work when it is tried again.
    mutating func somethingFailed(at now: Timestamp) { backoff.note(at: now) }

    /// A failure left a job on the disk, perhaps in this node's directory.
    mutating func jobWasLeft(at now: Timestamp) {
        mayHaveStranded = true
        backoff.note(at: now)
    }

    /// This node's directory holds a job that the engine does not run; the next full scan takes it up.
    mutating func strandedJobSeen() { mayHaveStranded = true }

    mutating func fullScanIsDue() { mustLookAround = true }

    /// A watch could not be set, or a directory may have been replaced without an event.
    mutating func watchMayBeMissing() { mustWatchAgain = true }

    /// All watches are about to be set again.
    mutating func watchesAreSet() { mustWatchAgain = false }

    /// A job's history cannot be read.
    ///
    /// - Returns: Whether that is to be logged: each job is logged once.
    mutating func unreadableJobSeen(_ job: JobName) -> Bool { unreadable.insert(job).inserted }

    func isUnreadable(_ job: JobName) -> Bool { unreadable.contains(job) }

    // MARK: What to do next

    /// Whether to scan everything because of earlier failures; true once.
    mutating func mustTryAgain(at now: Timestamp) -> Bool { backoff.isOver(at: now) }

    /// Begins a full scan, if one is due.
    ///
    /// - Returns: Whether to look around.
    mutating func beginLookAround() -> Bool {
        defer { mustLookAround = false }
        return mustLookAround
    }

    /// Whether to set all watches again.
    var isWatchMissing: Bool { mustWatchAgain }

    /// A full scan has taken over the jobs of dead nodes: now this node's stranded jobs are next.
    mutating func endLookAround() { mustTakeUpStranded = mayHaveStranded }

    /// Whether stranded jobs are to be taken up; no drop is to begin to arrive before that.
    var isTakeUpDue: Bool { mustTakeUpStranded }

    /// Begins to take up stranded jobs.
    mutating func beginTakeUp() {
        mustTakeUpStranded = false
        mayHaveStranded = false
    }
}
