package import Documents

/// What is done, by the history, of what is to be done after a job's last end or hold.
package struct DeliveryProgress: Sendable, Equatable {
    /// What became of one part.
    package struct Entry: Sendable, Equatable {
        package enum Status: Sendable { case waiting, done, failed }

        package var status = Status.waiting
        /// Attempts since the end, or since a person asked for more.
        package var attempts = 0
        /// When it is tried again; nil for at once.
        package var retryAt: Timestamp?
        package var failure: Failure?
        /// The hook's program; nil for the file, and before its first attempt.
        package var program: String?
    }

    /// The number of the record that ended or held the job, or by which a person asked for all of it again.
    package private(set) var since: Int
    /// When that was.
    package private(set) var at: Timestamp
    package private(set) var parts: [DeliveryPart: Entry] = [:]
    /// Absolute path of the delivered file; nil until it is there.
    package private(set) var path: String?

    init(since record: HistoryRecord) { (since, at) = (record.seq, record.at) }

    mutating func apply(_ event: DeliveryEvent, _ record: HistoryRecord) {
        switch event {
        case .delivered(let delivered):
            path = delivered.path
            parts[.file] = Entry(status: .done, attempts: delivered.attempt)
        case .hookCompleted(let hook, _):
            parts[.hook(hook.hook)] = Entry(status: .done, attempts: hook.attempt, program: hook.program)
        case .failed(let part, let attempt):
            parts[part] = Entry(
                status: attempt.retryAt == nil ? .failed : .waiting,
                attempts: attempt.number,
                retryAt: attempt.retryAt,
                failure: attempt.failure,
                program: attempt.program
            )
        case .asked:
            let isAllDone = parts.values.allSatisfy { $0.status == .done }
            at = record.at
            if isAllDone { (since, path) = (record.seq, nil) }
            parts = isAllDone ? [:] : parts.filter { $0.value.status == .done }
        }
    }
}
