import Documents
import HeapModule
import Jobs

/// The jobs in `deferred/` that are due first; the next scan of the directory finds the others.
struct DeferredJobs {
    struct Entry: Comparable, Hashable {
        var due: Timestamp
        var job: JobName

        static func < (left: Entry, right: Entry) -> Bool { (left.due, left.job.id) < (right.due, right.job.id) }
    }

    /// The most entries in memory, however large the directory is.
    static let entriesMax = 4_096

    private var heap = Heap<Entry>()
    /// Whether `deferred/` may hold jobs that are not in memory.
    var mustScan = true
    /// Set when the directory holds more jobs than memory: jobs due at this time or later may be missing here.
    private var horizon: Timestamp?
    /// Jobs added during a scan, which may not have seen them; nil while no scan runs.
    private var addedDuringScan: [Entry]?

    /// After a disk failure: nothing is claimed from the directory until then.
    private var pausedUntil: Timestamp?

    /// When to claim jobs next.
    var nextClaim: Timestamp? { pausedUntil ?? nextDue }

    var nextDue: Timestamp? { heap.min?.due ?? horizon }

    func isDue(at now: Timestamp) -> Bool { mustScan || nextDue.map { $0 <= now } ?? false }

    /// A disk failed: nothing is to be claimed for a while.
    mutating func pause(until end: Timestamp) { pausedUntil = end }

    /// Whether nothing is to be claimed now; ends a pause that is over.
    mutating func isPaused(at now: Timestamp) -> Bool {
        guard let end = pausedUntil else { return false }
        if RetryBackoff.lasts(until: end, at: now) { return true }
        pausedUntil = nil
        return false
    }

    mutating func add(_ job: JobName, due: Timestamp) {
        let entry = Entry(due: Timestamp(compactText: due.compactText) ?? due, job: job)
        addedDuringScan?.append(entry)
        if let horizon, due >= horizon { return }
        heap.insert(entry)
        trim()
    }

    /// Begins a scan of the directory; the caller must call ``endScan(_:)`` after it.
    mutating func beginScan() {
        mustScan = false
        addedDuringScan = []
    }

    /// Takes the entries that a scan found; nil when it failed.
    mutating func endScan(_ entries: [Entry]?) {
        let added = addedDuringScan ?? []
        addedDuringScan = nil
        guard let entries else {
            mustScan = true
            return
        }
        horizon = nil
        heap = Heap(added.isEmpty ? entries : Array(Set(entries).union(added)))
        trim()
    }

    private mutating func trim() {
        while heap.count > Self.entriesMax { horizon = heap.popMax()?.due }
    }

    /// Removes and returns the first job that is due.
    mutating func takeDue(at now: Timestamp) -> Entry? {
        if let first = heap.min, first.due <= now { return heap.popMin() }
        if heap.isEmpty, let horizon, horizon <= now { mustScan = true }
        return nil
    }
}
