import Documents
import Jobs
import Spool

/// Decides which inboxes to scan and which of their drops to take: it is told what happens, and does nothing itself.
struct Inboxes {
    /// What to do next with an inbox.
    enum Step {
        /// Read the whole inbox.
        case scan
        /// Take drops that a scan found.
        case takeListed
        /// Take drops that had to settle until now.
        case takeSettled
    }

    /// A drop to take, with the look that was due, if one was.
    struct ReadyDrop {
        var place: DropOrderKey
        var look: FileSnapshot?
    }

    /// Drops to take together, in this order.
    struct Ready {
        var drops: [ReadyDrop]
        /// Their number among all such groups.
        var part: Int
    }

    /// What to log of a drop that cannot be moved.
    enum ImmovableReport {
        case silent, logged
        /// No more such drops are logged.
        case last
    }

    /// What events showed about the writer of a drop.
    typealias Writer = (_ name: [UInt8]) -> InboxWatch.WriterObservation

    /// The part of the drops that a previous run took.
    static let firstPart = 0

    private var states: [String: InboxState] = [:]
    /// The number of the latest part.
    private var parts = firstPart

    // MARK: Queues

    /// The inboxes of these queues are watched from now on.
    mutating func open(_ queues: some Sequence<String>) {
        for queue in queues { states[queue] = InboxState() }
    }

    /// A queue is no longer configured: no more of its drops are taken.
    mutating func leave(_ queue: String) { states[queue]?.leave() }

    /// A queue was added, or its rules for names or waiting times may have changed.
    mutating func configure(_ queue: String, from old: QueueSettings?, to new: QueueSettings) {
        let isDifferent = old.map { ($0.settle, $0.settleEmpty) != (new.settle, new.settleEmpty) } ?? false
        states[queue, default: InboxState()].configure(isSettlingDifferent: isDifferent)
    }

    /// No drop of a queue that has left is being accepted any more.
    mutating func forget(_ queue: String) { states[queue] = nil }

    // MARK: Changes

    /// An inbox has changed, or may have without an event.
    mutating func changed(_ queue: String) { states[queue]?.change() }

    /// A watched directory was removed or made.
    mutating func directoriesChanged() {
        for queue in states.keys { states[queue]?.directoriesChanged() }
    }

    mutating func fullScanIsDue() {
        for queue in states.keys { states[queue]?.fullScanIsDue() }
    }

    /// A disk failed: no drop of this queue is taken until then.
    mutating func pause(_ queue: String, until end: Timestamp) { states[queue]?.pause(until: end) }

    func isPaused(_ queue: String) -> Bool { states[queue]?.isPaused == true }

    // MARK: What to do next

    /// Ends a pause that is over, and notes a look that is due.
    ///
    /// - Returns: Whether drops of this queue may be taken.
    mutating func begin(_ queue: String, at now: Timestamp) -> Bool { states[queue]?.begin(at: now) ?? false }

    /// What to do next with an inbox, where there is room for drops; nil for nothing.
    func nextStep(_ queue: String) -> Step? { states[queue]?.nextStep }

    mutating func scanBegins(_ queue: String) { states[queue]?.scanBegins() }

    /// Whether the scan of an inbox is still of use.
    func isScanning(_ queue: String) -> Bool { states[queue]?.isReading == true }

    /// A scan has read the whole inbox.
    mutating func scanEnds(_ queue: String, _ found: InboxListing) { states[queue]?.scanEnds(found) }

    /// The drops that are ready among the next `room` of the scan.
    mutating func takeListed(_ queue: String, room: Int, at now: Timestamp, _ writer: Writer) -> Ready {
        ready(states[queue]?.takeListed(room, at: now, writer))
    }

    /// Ends the scan of an inbox when all that it found was considered.
    ///
    /// - Returns: Whether it ended, and no drop is being accepted.
    mutating func endScanIfTaken(_ queue: String) -> Bool { states[queue]?.endScanIfTaken() ?? false }

    /// The drops that are ready among the first `room` of those that had to settle until now.
    mutating func takeSettled(_ queue: String, room: Int, at now: Timestamp, _ writer: Writer) -> Ready {
        ready(states[queue]?.takeSettled(room, at: now, writer))
    }

    private mutating func ready(_ drops: [ReadyDrop]?) -> Ready {
        parts += 1
        return Ready(drops: drops ?? [], part: parts)
    }

    /// When an inbox is to be looked at next.
    var nextLook: Timestamp? { states.values.compactMap(\.nextLook).min() }

    // MARK: Drops

    /// The next drops of an inbox begin to be taken.
    ///
    /// - Returns: The taking of those before them, and theirs; nil when the inbox is not open.
    mutating func beginTaking(_ queue: String) -> (before: CompletionSignal?, this: CompletionSignal)? {
        states[queue]?.beginTaking()
    }

    /// A drop is being accepted in a task.
    mutating func accept(_ drop: Drop, in task: Task<Void, Never>) { states[drop.queue]?.accept(drop.name, in: task) }

    /// A drop was taken, refused or removed: it no longer settles.
    mutating func settle(_ drop: Drop) { states[drop.queue]?.settle(drop.name) }

    /// A drop may still be written: it is taken after it has stayed as this look saw it, or, without a look, after an
    /// event.
    mutating func mustSettle(_ drop: Drop, at place: DropOrderKey, _ look: FileSnapshot?) {
        states[drop.queue]?.mustSettle(drop.name, at: place, look)
    }

    /// A drop cannot be moved; it is tried again when everything is scanned.
    ///
    /// - Returns: Nil when there is no room to remember it.
    mutating func cannotMove(_ drop: Drop) -> ImmovableReport? { states[drop.queue]?.cannotMove(drop.name) }

    /// The job of a drop is scheduled or deferred, or the drop becomes no job: it uses up no more room in the window.
    mutating func endAccepting(_ drop: Drop) { states[drop.queue]?.endAccepting(drop.name) }

    // MARK: Ends

    /// The task of one of the drops that are being accepted.
    var anyTask: Task<Void, Never>? { states.values.lazy.compactMap(\.anyTask).first }

    /// The same in one inbox.
    func anyTask(_ queue: String) -> Task<Void, Never>? { states[queue]?.anyTask }

    var isAccepting: Bool { anyTask != nil }

    var areDrained: Bool { states.values.allSatisfy(\.isDrained) }

    /// The number of drops that must stay unchanged for a while.
    var settlingCount: Int { states.values.reduce(0) { $0 + $1.settlingCount } }

    /// Drops that stay in their inboxes because they cannot be moved.
    var immovableCount: Int { states.values.reduce(0) { $0 + $1.immovableCount } }
}
