import Documents
import Jobs
import Spool

/// What the engine knows of one inbox: whether to scan it, which of its drops wait, and for what.
struct InboxState {
    private enum Scan {
        case none
        case reading
        case found(InboxListing)
    }

    /// A drop that must stay unchanged for a while before it is taken.
    private struct Settling {
        var look: FileSnapshot
        var place: DropOrderKey
        /// The scan that saw it last.
        var scan: Int
    }

    /// Whether the queue is in the configuration; if not, the drops that are being accepted are the last ones.
    private var isConfigured = true
    /// The inbox may hold names that no scan has seen.
    private var isChanged = true
    private var scan = Scan.none
    /// The number of the latest scan.
    private var scans = 0
    private var accepting: [[UInt8]: Task<Void, Never>] = [:]
    /// The taking of the latest drops.
    private var taking: CompletionSignal?
    /// Names that a scan saw while they were being accepted: the event behind that scan may be about them.
    private var seenMeanwhile: Set<[UInt8]> = []
    private var settling: [[UInt8]: Settling] = [:]
    /// Drops that a writer still has open; an event arrives when it closes them.
    private var written: Set<[UInt8]> = []
    /// Drops that cannot be moved; they are tried again when the engine scans everything.
    private var immovable: Set<[UInt8]> = []
    /// The first few of them, which were logged.
    private var loggedImmovable: Set<[UInt8]> = []
    /// When the next look is due.
    private(set) var nextLook: Timestamp?
    /// A look is due while a scan has drops left.
    private var mustLookAgain = false
    /// Set after a disk failure: no drop is taken until then.
    private var pausedUntil: Timestamp?

    /// The most drops that the engine waits for; the next scan finds the others.
    static let pendingMax = 1_024
    /// The most drops of a queue whose failed move is logged one by one.
    private static let loggedImmovableMax = 3
    /// Drops that are due within this time of each other are taken in order, even when an earlier one is due later.
    private static let settlingTolerance: Duration = .milliseconds(500)

    var isPaused: Bool { pausedUntil != nil }
    var isReading: Bool { if case .reading = scan { true } else { false } }
    var immovableCount: Int { immovable.count }
    var settlingCount: Int { settling.count }
    /// The task of one of the drops that are being accepted.
    var anyTask: Task<Void, Never>? { accepting.values.first }

    var isDrained: Bool {
        guard case .none = scan else { return false }
        return !isChanged && accepting.isEmpty && settling.isEmpty && written.isEmpty && !isPaused
    }

    // MARK: Changes

    mutating func change() { isChanged = true }

    /// Directories were removed or made: what failed may work now.
    mutating func directoriesChanged() {
        isChanged = true
        pausedUntil = nil
    }

    mutating func fullScanIsDue() {
        isChanged = true
        immovable = []
    }

    /// The queue is no longer configured: drops that are being accepted are finished, no other is taken.
    mutating func leave() {
        isConfigured = false
        isChanged = false
        scan = .none
        (settling, written, immovable) = ([:], [], [])
        (nextLook, pausedUntil) = (nil, nil)
    }

    /// The rules for names or waiting times may have changed.
    mutating func configure(isSettlingDifferent: Bool) {
        isConfigured = true
        isChanged = true
        scan = .none
        written = []
        if isSettlingDifferent {
            settling = [:]
            nextLook = nil
        }
    }

    /// A disk failed: no drop is taken until then.
    mutating func pause(until end: Timestamp) {
        guard isConfigured else { return }
        scan = .none
        pausedUntil = end
        nextLook = end
    }

    // MARK: What to do next

    /// Ends a pause that is over, and notes a look that is due.
    ///
    /// - Returns: Whether drops may be taken.
    mutating func begin(at now: Timestamp) -> Bool {
        if let pausedUntil {
            if RetryBackoff.lasts(until: pausedUntil, at: now) { return false }
            self.pausedUntil = nil
            isChanged = true
        }
        if let due = nextLook, due <= now {
            nextLook = nil
            isChanged = true
            mustLookAgain = if case .none = scan { false } else { true }
        }
        return true
    }

    /// What to do next with this inbox; nil for nothing.
    var nextStep: Inboxes.Step? {
        if isPaused { return nil }
        if mustLookAgain { return .takeSettled }
        return switch scan {
        case .found: .takeListed
        case .reading: .scan
        case .none: isChanged ? .scan : nil
        }
    }

    mutating func scanBegins() {
        scan = .reading
        isChanged = false
        written = []
        scans += 1
    }

    /// A scan has read the whole inbox.
    mutating func scanEnds(_ found: InboxListing) { scan = .found(found) }

    /// Chooses the drops that are ready among the next of the scan.
    mutating func takeListed(_ room: Int, at now: Timestamp, _ writer: Inboxes.Writer) -> [Inboxes.ReadyDrop] {
        guard case .found(var listing) = scan else { return [] }
        // So that the listing is not copied.
        scan = .none
        let places = listing.next(room)
        scan = .found(listing)
        return choose(places, at: now, writer)
    }

    /// Ends the scan when all that it found was considered. A drop that it did not see is gone; one that it only missed
    /// begins to settle anew.
    ///
    /// - Returns: Whether it ended, and no drop is being accepted.
    mutating func endScanIfTaken() -> Bool {
        guard case .found(let listing) = scan, listing.isEmpty else { return false }
        scan = .none
        settling = settling.filter { $0.value.scan == scans || accepting[$0.key] != nil }
        if listing.isCut { isChanged = true }
        return accepting.isEmpty
    }

    /// Chooses the drops that are ready among those that had to settle until now.
    mutating func takeSettled(_ room: Int, at now: Timestamp, _ writer: Inboxes.Writer) -> [Inboxes.ReadyDrop] {
        let due = settling.values.filter { $0.look.due <= now }.map(\.place).sorted()
        nextLook = settling.values.map(\.look.due).filter { $0 > now }.min()
        mustLookAgain = due.count > room
        return choose(due.prefix(room), at: now, writer)
    }

    private mutating func choose(
        _ places: some Sequence<DropOrderKey>,
        at now: Timestamp,
        _ writer: Inboxes.Writer
    ) -> [Inboxes.ReadyDrop] {
        var ready: [Inboxes.ReadyDrop] = []
        var settlesAt: Timestamp?
        for place in places {
            let name = place.name
            if accepting[name] != nil {
                seenMeanwhile.insert(name)
                continue
            }
            if immovable.contains(name) { continue }
            let look = settling[name]?.look
            if let look {
                settling[name]?.scan = scans
                let mustWait = Self.mustWait(look, at: now) { writer(name) }
                if mustWait, look.due - now <= Self.settlingTolerance { settlesAt = look.due }
                if let due = mustWait ? look.due : settlesAt {
                    lookAgain(at: due)
                    continue
                }
            } else if settling.count >= Self.pendingMax {
                // There is no room to keep another look: its turn comes when some of these are taken.
                continue
            }
            ready.append(Inboxes.ReadyDrop(place: place, look: look))
        }
        return ready
    }

    /// Whether another look at a drop is useless now: it is not due, and nothing new is known of the writer.
    private static func mustWait(
        _ look: FileSnapshot,
        at now: Timestamp,
        _ writer: () -> InboxWatch.WriterObservation
    ) -> Bool {
        // A look made in the future was made before the clock was set back.
        guard look.due > now, look.at <= now else { return false }
        switch look.reason {
        case .writer: return writer() != .finished
        case .unseen: return look.isWriterSeen || writer() == .unknown
        // Its bytes may have come since.
        case .empty: return false
        case .settling, .link, .untold: return true
        }
    }

    private mutating func lookAgain(at due: Timestamp) { nextLook = min(nextLook ?? due, due) }

    // MARK: Drops

    /// The next drops begin to be taken.
    ///
    /// - Returns: The taking of those before them, and theirs.
    mutating func beginTaking() -> (before: CompletionSignal?, this: CompletionSignal) {
        let this = CompletionSignal()
        defer { taking = this }
        return (taking, this)
    }

    mutating func accept(_ name: [UInt8], in task: Task<Void, Never>) { accepting[name] = task }

    /// A drop was taken, refused or removed: it no longer settles.
    mutating func settle(_ name: [UInt8]) {
        seenMeanwhile.remove(name)
        settling[name] = nil
    }

    /// A drop may still be written. Nil where an event arrives when the writer closes it.
    mutating func mustSettle(_ name: [UInt8], at place: DropOrderKey, _ look: FileSnapshot?) {
        // The event of the writer's close may have come before this acceptance found the writer.
        if seenMeanwhile.remove(name) != nil { isChanged = true }
        settling[name] = nil
        // A drop of a queue that is no longer configured stays where it is.
        guard isConfigured, settling.count + written.count < Self.pendingMax else { return }
        if let look {
            settling[name] = Settling(look: look, place: place, scan: scans)
            lookAgain(at: look.due)
        } else {
            written.insert(name)
        }
    }

    /// A drop cannot be moved.
    ///
    /// - Returns: Nil when there is no room to remember it.
    mutating func cannotMove(_ name: [UInt8]) -> Inboxes.ImmovableReport? {
        guard immovable.count < Self.pendingMax else { return nil }
        immovable.insert(name)
        let logged = loggedImmovable.count
        guard logged <= Self.loggedImmovableMax, loggedImmovable.insert(name).inserted else { return .silent }
        return logged == Self.loggedImmovableMax ? .last : .logged
    }

    /// A drop uses up no more room in the window.
    mutating func endAccepting(_ name: [UInt8]) { accepting[name] = nil }
}
