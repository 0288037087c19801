import Documents
import Jobs

/// The updates that wait to be written, and how many were lost.
struct UpdateBuffer {
    /// The most rows that wait; each is some 300 bytes, so this is some 20 MB.
    static let rowsMax = 65_536

    struct Entry {
        var update: IndexUpdate
        /// The room that it takes, in rows; 0 for an update whose caller waits for it.
        var weight: Int
    }

    private(set) var entries: [Entry] = []
    /// The weight of the entries here and of those being written.
    private var rows = 0
    /// How often something was lost that only the files can bring back.
    private(set) var losses = 0
    private var reconciledLosses = 0
    /// Updates lost since the last log message about losses.
    private var unreportedLosses = 0
    var isClosed = false
    /// Whether a timer is set that will write what is here.
    var isTimerSet = false
    /// Whether a write was requested before the timer fires, because a whole batch is here.
    var isBatchRequested = false

    var needsReconcile: Bool { losses > reconciledLosses }

    /// Adds an update; when there is no room it is lost, and the loss is counted.
    mutating func append(_ update: IndexUpdate) {
        let weight = update.rowCount
        // An update larger than the whole room must pass when it is alone.
        guard rows == 0 || rows + weight <= Self.rowsMax else {
            unreportedLosses += 1
            lose()
            return
        }
        rows += weight
        entries.append(Entry(update: update, weight: weight))
    }

    /// Adds updates whose caller waits until they are written.
    mutating func appendAwaited(_ updates: [IndexUpdate]) {
        entries.append(contentsOf: updates.lazy.map { Entry(update: $0, weight: 0) })
    }

    /// How many entries were taken last.
    private(set) var lastTaken = 0

    mutating func takeAll() -> [Entry] {
        defer { entries = [] }
        lastTaken = entries.count
        return entries
    }

    /// Puts back entries that could not be written, before all that came since.
    mutating func putBack(_ unwritten: ArraySlice<Entry>) { entries.insert(contentsOf: unwritten, at: 0) }

    /// Gives back the room of entries that were written or given up.
    mutating func release(_ done: ArraySlice<Entry>) { rows -= done.reduce(0) { $0 + $1.weight } }

    mutating func lose() { losses += 1 }

    mutating func reconciled(losses: Int) { reconciledLosses = max(reconciledLosses, losses) }

    mutating func takeUnreportedLosses() -> Int {
        defer { unreportedLosses = 0 }
        return unreportedLosses
    }
}
