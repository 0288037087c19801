import HeapModule
import Jobs

/// The jobs in `deferred/` that are due first; the others are found when the directory is read again.
struct DeferredJobs {
    struct Entry: Comparable, Hashable {
        var due: Timestamp
        var job: JobName

        static func < (left: Entry, right: Entry) -> Bool { (left.due, left.job.id) < (right.due, right.job.id) }
    }

    /// Entries kept in memory, so that a large directory costs none.
    static let entriesMax = 4_096

    private var heap = Heap<Entry>()
    /// Whether `deferred/` may hold jobs that are not in memory.
    var mustScan = true
    /// When more lie in the directory than in memory: nothing due after this is known.
    private var horizon: Timestamp?
    /// What came while the directory was being read, and may have been missed there; nil when it is not read.
    private var addedDuringScan: [Entry]?

    var nextDue: Timestamp? { heap.min?.due ?? horizon }

    func isDue(at now: Timestamp) -> Bool { mustScan || nextDue.map { $0 <= now } ?? false }

    mutating func add(_ job: JobName, due: Timestamp) {
        let entry = Entry(due: Timestamp(compactText: due.compactText) ?? due, job: job)
        addedDuringScan?.append(entry)
        if let horizon, due >= horizon { return }
        heap.insert(entry)
        trim()
    }

    /// The directory is about to be read; ``endScan(_:)`` must follow.
    mutating func beginScan() {
        mustScan = false
        addedDuringScan = []
    }

    /// Takes in what a scan found; nil when it failed.
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

    /// Takes the first job that is due.
    mutating func takeDue(at now: Timestamp) -> Entry? {
        if let first = heap.min, first.due <= now { return heap.popMin() }
        if heap.isEmpty, let horizon, horizon <= now { mustScan = true }
        return nil
    }
}
