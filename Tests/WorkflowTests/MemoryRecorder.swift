import Documents
import Jobs
import OrderedCollections
import Synchronization
import TestKit
import Workflow

/// An in-memory stand-in for the engine's recorder, which can die at any record and be resumed from what was left.
final class MemoryRecorder: StepRecorder {
    /// The daemon died; nothing after this was recorded.
    struct Death: Error {}

    /// What is lost when the daemon dies.
    enum Loss: CaseIterable, Sendable {
        /// The record at which the daemon died.
        case record
        /// Only the acknowledgement: the record is written, and the caller never learns of it.
        case acknowledgement
        /// All records since the last one that had to be on disk, as in a power cut.
        case unsynced
    }

    private struct State {
        var records: [HistoryRecord]
        var steps = StepLedger()
        var epoch: Int
        /// Records at the front that are on disk.
        var synced: Int
        var durable = 0
        var recorded = 0
        var death: (at: Int, loss: Loss)?
        var isDead = false
        var isStopping = false
        var pauses: [Duration] = []
        var files: [String: [UInt8]] = [:]
    }

    private let state: Mutex<State>
    private let clock: ManualWallClock
    private let onRecord: @Sendable (MemoryRecorder, JobEvent) -> Void

    init(
        _ clock: ManualWallClock,
        records: [HistoryRecord] = [],
        epoch: Int = 1,
        onRecord: @escaping @Sendable (MemoryRecorder, JobEvent) -> Void = { _, _ in }
    ) {
        self.clock = clock
        self.onRecord = onRecord
        var state = State(records: records, epoch: epoch, synced: records.count)
        for record in records { state.steps.apply(record) }
        self.state = Mutex(state)
    }

    /// Lets the daemon die when it records for the `count`th time, from 1.
    func die(at count: Int, losing loss: Loss = .record) { state.withLock { $0.death = (count, loss) } }

    func stop() { state.withLock { $0.isStopping = true } }

    /// The recorder of the next run of the same job, with the records that this one left.
    ///
    /// - Parameter end: How the daemon ended; nil for a death.
    func resumed(after end: PreviousRunEnd? = nil) -> MemoryRecorder {
        let (records, epoch) = state.withLock { state in
            guard state.isDead, state.death?.loss == .unsynced else { return (state.records, state.epoch) }
            return (Array(state.records.prefix(state.synced)), state.epoch)
        }
        var steps = StepLedger()
        for record in records { steps.apply(record) }
        let wasAlone = steps.entries.values.contains { $0.status == .running && $0.pending?.isAlone == true }
        let next = MemoryRecorder(clock, records: records, epoch: epoch + 1, onRecord: onRecord)
        next.append(.claimed(node: "n", cause: .recovery, after: end ?? (wasAlone ? .crashAlone : .crash)))
        return next
    }

    /// Appends a record that the run does not make: what the engine or a person does.
    func append(_ event: JobEvent) {
        let now = clock.now
        state.withLock { state in
            let record = HistoryRecord(seq: state.records.count + 1, epoch: state.epoch, at: now, event: event)
            state.records.append(record)
            state.steps.apply(record)
            state.synced = state.records.count
        }
    }

    // MARK: What a test looks at

    var events: [JobEvent] { state.withLock { $0.records.map(\.event) } }
    /// How many records this run made.
    var recorded: Int { state.withLock { $0.recorded } }
    /// How many records of this run had to be on disk.
    var durableRecords: Int { state.withLock { $0.durable } }
    var pauses: [Duration] { state.withLock { $0.pauses } }
    var usage: Usage { state.withLock { $0.steps.usage } }

    /// A file of results as it was written; nil when there is none.
    func text(_ name: String) -> String? {
        state.withLock { $0.files[name] }.map { String(decoding: $0, as: UTF8.self) }
    }

    func file(_ name: String) -> [String]? {
        state.withLock { $0.files[name] }.map { bytes in
            bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Whether the intent of this step is on disk.
    func isIntentSynced(_ step: String) -> Bool {
        state.withLock { state in
            state.records.prefix(state.synced).contains { record in
                if case .stepStarted(let start) = record.event { start.step == step } else { false }
            }
        }
    }

    // MARK: StepRecorder

    func entry(of step: String) -> StepLedger.Entry? { state.withLock { $0.steps[step] } }

    func approval(of step: String) -> Approval? { state.withLock { $0.steps.approvals[step] } }

    func begin(_ input: JSON) {}

    func earlierOutput(of question: StepQuestion) -> EarlierOutput? { nil }

    func denial(of step: String) -> Denial? { state.withLock { $0.steps.denials[step] } }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    func underWay<Value: Sendable>(
        _ step: String,
        suspicion: Suspicion?,
        _ body: (_ isAlone: Bool) async throws -> Value
    ) async throws -> Value { try await body(suspicion != nil) }

    func record(_ event: JobEvent, durably: Bool) async throws {
        let now = clock.now
        try state.withLock { state in
            if state.isDead { throw Death() }
            state.recorded += 1
            let dies = state.death?.at == state.recorded
            if dies { state.isDead = true }
            if !dies || state.death?.loss != .record {
                let record = HistoryRecord(seq: state.records.count + 1, epoch: state.epoch, at: now, event: event)
                state.records.append(record)
                state.steps.apply(record)
            }
            if dies { throw Death() }
            if durably {
                state.durable += 1
                state.synced = state.records.count
            }
        }
        onRecord(self, event)
    }

    func pause(for duration: Duration) async throws {
        state.withLock { $0.pauses.append(duration) }
        clock.turn(by: duration)
        if isStopping { throw CancellationError() }
    }

    func outcome(of step: String) async throws -> JobEvent? {
        state.withLock { state in
            state.records.last { record in
                switch record.event {
                case .stepCompleted(let completion): completion.step == step
                case .stepFailed(let failed): failed.step == step
                default: false
                }
            }?.event
        }
    }

    func makeFile(_ name: String) async throws -> any ResultFile { MemoryFile(name: name, recorder: self) }

    private final class MemoryFile: ResultFile {
        let name: String
        let recorder: MemoryRecorder
        let bytes = Mutex<[UInt8]>([])

        init(name: String, recorder: MemoryRecorder) { (self.name, self.recorder) = (name, recorder) }

        func append(_ bytes: [UInt8]) async throws { self.bytes.withLock { $0 += bytes } }

        func finish() async throws { try put(bytes.withLock { $0 }) }

        func discard() async throws { try put(nil) }

        private func put(_ bytes: [UInt8]?) throws {
            try recorder.state.withLock { state in
                if state.isDead { throw Death() }
                state.files[name] = bytes
            }
        }
    }
}
