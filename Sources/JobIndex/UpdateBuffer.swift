import Jobs

/// What waits to be written, and whether anything was lost on the way.
struct UpdateBuffer {
    /// Rows that wait at most; each is some 300 bytes, so this is some 20 MB.
    static let rowsMax = 65_536

    struct Entry {
        var update: IndexUpdate
        /// What it takes of the room; nothing for updates whose giver waits for them.
        var weight: Int
    }

    private(set) var entries: [Entry] = []
    /// Of the entries here and of those being written.
    private var rows = 0
    /// How often something was lost that only the files can bring back.
    private(set) var losses = 0
    private var reconciledLosses = 0
    /// Updates lost since the last word about it in the log.
    private var unreportedLosses = 0
    var isClosed = false
    /// Whether a timer is set that will write what is here.
    var isTimerSet = false
    /// Whether writing was asked for before the timer, for a whole batch is here.
    var isBatchRequested = false

    var needsReconcile: Bool { losses > reconciledLosses }

    /// Takes an update in; when there is no room it is lost, which is noted.
    mutating func append(_ update: IndexUpdate) {
        let weight = update.rowCount
        // One that is larger than the whole room must get through when it is alone.
        guard rows == 0 || rows + weight <= Self.rowsMax else {
            unreportedLosses += 1
            lose()
            return
        }
        rows += weight
        entries.append(Entry(update: update, weight: weight))
    }

    /// Takes updates in whose giver waits until they are written.
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

    /// Puts back what could not be written; it stays before all that came since.
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
