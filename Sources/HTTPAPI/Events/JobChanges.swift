import Engine
import Jobs
import Synchronization

/// Tells readers that a job has changed, and gives records to streams of events as they are written.
final class JobChanges: JobObserver {
    /// A record for the streams of all events; it is rendered once for all of them.
    struct Written: Sendable {
        var cursor: EventCursor
        var event: EventStream.Event
    }

    private struct Listeners {
        var next = 0
        var ofJob: [JobID: [Int: @Sendable () -> Void]] = [:]
        var ofAll: [Int: AsyncStream<Written?>.Continuation] = [:]
    }

    /// The most records that wait for a slow reader; its stream then ends.
    private static let bufferMax = 4_096

    private let listeners = Mutex(Listeners())

    /// An element after each change of a job; several changes may give one element.
    func changes(of job: JobID) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = add(job) { continuation.yield() }
        continuation.onTermination = { [weak self] _ in self?.remove(number, of: job) }
        return stream
    }

    /// The same for a stream of events.
    func signals(of job: JobID) -> EventStream.Signals<Void> {
        let signals = EventStream.Signals<Void>(bufferingPolicy: .bufferingNewest(1))
        let number = add(job) { signals.continuation.yield(()) }
        signals.continuation.onTermination = { [weak self] _ in self?.remove(number, of: job) }
        return signals
    }

    private func add(_ job: JobID, _ notify: @Sendable @escaping () -> Void) -> Int {
        listeners.withLock { listeners in
            listeners.next += 1
            listeners.ofJob[job, default: [:]][listeners.next] = notify
            return listeners.next
        }
    }

    private func remove(_ number: Int, of job: JobID) {
        listeners.withLock { listeners in
            listeners.ofJob[job]?[number] = nil
            if listeners.ofJob[job]?.isEmpty == true { listeners.ofJob[job] = nil }
        }
    }

    /// Every record of every job of this node, as it is written; a record may come twice.
    ///
    /// It ends when the reader is too slow, or when records may be missing: the reader then goes on from the files.
    func records() -> EventStream.Signals<Written> {
        let signals = EventStream.Signals<Written>(bufferingPolicy: .bufferingOldest(Self.bufferMax))
        let number = listeners.withLock { listeners in
            listeners.next += 1
            listeners.ofAll[listeners.next] = signals.continuation
            return listeners.next
        }
        signals.continuation.onTermination = { [weak self] _ in
            _ = self?.listeners.withLock { $0.ofAll.removeValue(forKey: number) }
        }
        return signals
    }

    private func notify(_ job: JobID, _ records: [HistoryRecord] = []) {
        let (ofJob, ofAll) = listeners.withLock { listeners in
            listeners.ofJob.isEmpty && listeners.ofAll.isEmpty
                ? ([], []) : (Array((listeners.ofJob[job] ?? [:]).values), Array(listeners.ofAll.values))
        }
        for notify in ofJob { notify() }
        if ofAll.isEmpty { return }
        for record in records {
            let written = Written(cursor: EventCursor(record, job), event: RecordEvent.event(record, job: job))
            for continuation in ofAll {
                if case .dropped = continuation.yield(written) { continuation.finish() }
            }
        }
    }

    func jobChanged(_ replay: JobReplay, _ record: HistoryRecord) { notify(replay.name.id, [record]) }

    func jobSeen(_ replay: JobReplay, _ records: [HistoryRecord]) { notify(replay.name.id, records) }

    func jobWaits(_ job: JobID, why: String?, seq: Int) { notify(job) }

    func dropRejected(_ row: JobSummary) { JobID(row.job).map { notify($0) } }

    func recordsMayBeMissing() {
        let ofAll = listeners.withLock { Array($0.ofAll.values) }
        for continuation in ofAll { continuation.finish() }
    }
}
