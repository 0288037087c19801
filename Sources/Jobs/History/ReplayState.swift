import Documents

/// The contents of a ``JobReplay``.
struct ReplayState: Sendable, Equatable {
    let name: JobName
    var life = JobLife()
    var steps = StepLedger()
    var acceptance: Acceptance?
    var acceptedAt: Timestamp?
    var startedAt: Timestamp?
    var lastTurn: JobEvent?
    var usage = Usage()
    var output: JSON?
    var isTruncated = false
    var raisedLimits = Limits()
    var activeTime: Duration = .zero
    var claimedAt: Timestamp?
    var dueAt: Timestamp?
    @Boxed var delivery: DeliveryProgress?
    private var lastAt: Timestamp?

    init(name: JobName) { self.name = name }

    /// - Parameter place: Where the record lies in the history file, when that is known.
    mutating func apply(_ record: HistoryRecord, at place: Range<Int>? = nil) {
        life.apply(record)
        steps.apply(record, at: place)
        noteTime(record)
        noteDelivery(record)
        switch record.event {
        case .accepted(let acceptance):
            self.acceptance = acceptance
            acceptedAt = record.at
            lastTurn = record.event
        case .stepStarted: startedAt = startedAt ?? record.at
        case .stepCompleted(let completion):
            if let used = completion.usage { usage += used }
            if completion.answer.isTruncated { isTruncated = true }
        case .stepFailed(let failure):
            if let used = failure.usage { usage += used }
        case .stepWaits(let wait):
            if let used = wait.usage { usage += used }
        case .completed(let output):
            self.output = output
            lastTurn = record.event
        case .released(let release):
            raisedLimits = raisedLimits.replaced(by: release.limits)
            dueAt = record.at
            lastTurn = record.event
        case .retried:
            output = nil
            dueAt = record.at
            lastTurn = record.event
        case .deferred(let until, _):
            dueAt = until
            lastTurn = record.event
        case .unknown, .delivery: break
        default: lastTurn = record.event
        }
    }

    /// Each end and each hold begins anew.
    private mutating func noteDelivery(_ record: HistoryRecord) {
        guard acceptance?.delivery != nil else { return }
        switch record.event {
        case .delivery(let event): delivery?.apply(event, record)
        case .held, .completed, .failed, .cancelled, .denied: delivery = DeliveryProgress(since: record)
        default: break
        }
    }

    /// A run that a crash cut off counts until its last record.
    private mutating func noteTime(_ record: HistoryRecord) {
        defer { lastAt = record.at }
        switch record.event {
        case .accepted: claimedAt = record.at
        case .claimed:
            if let claimedAt, let lastAt { activeTime += max(.zero, lastAt - claimedAt) }
            claimedAt = record.at
        case .stepStarted, .stepCompleted, .stepFailed, .stepWaits, .delivery, .unknown: break
        default:
            if let claimedAt { activeTime += max(.zero, record.at - claimedAt) }
            claimedAt = nil
        }
    }
}
