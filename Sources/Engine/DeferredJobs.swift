import HeapModule
import Jobs

/// The jobs in `deferred/` that are due first; the others are found when the directory is read again.
struct DeferredJobs {
    struct Entry: Comparable {
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

    var nextDue: Timestamp? { heap.min?.due ?? horizon }

    func isDue(at now: Timestamp) -> Bool { mustScan || nextDue.map { $0 <= now } ?? false }

    mutating func add(_ job: JobName, due: Timestamp) {
        if let horizon, due >= horizon { return }
        heap.insert(Entry(due: Timestamp(compactText: due.compactText) ?? due, job: job))
        trim()
    }

    /// Takes in what a scan found.
    mutating func replace(with entries: [Entry]) {
        mustScan = false
        horizon = nil
        heap = Heap(entries)
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
