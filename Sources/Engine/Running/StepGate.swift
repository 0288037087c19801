import Documents
import Jobs
import Synchronization
import Threads

/// The gate that every step of a node passes as it begins: while a suspected step runs alone, the others wait.
final class StepGate: Sendable {
    private typealias Continuation = CheckedContinuation<StepAdmission.Turn, any Error>

    private struct State {
        var turns = StepAdmission()
        var waiting: [Int: (job: JobName, continuation: Continuation)] = [:]
        var asked = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    private let onChange: @Sendable () -> Void

    /// - Parameter onChange: Called after the gate closed or opened for most steps.
    init(onChange: @escaping @Sendable () -> Void) { self.onChange = onChange }

    /// Whether most steps would have to wait.
    var isClosed: Bool { state.withLock { $0.turns.isClosed } }

    /// Whether suspected steps wait because they have kept the others waiting for too long.
    var isWide: Bool { state.withLock { $0.turns.door == .wide } }

    /// Whether a suspected step keeps the others waiting.
    var isGuarding: Bool { state.withLock { $0.turns.door == .guarded && $0.turns.isClosed } }

    /// Returns when the step may begin; the caller gives its turn back with ``end(_:)``.
    ///
    /// - Parameter reason: What the step waits for.
    /// - Throws: `CancellationError` when the task is cancelled, the job may begin no further step, or the node stops.
    func enter(_ job: JobName, isSuspected: Bool, reason: String) async throws -> StepAdmission.Turn {
        let (number, turn) = try change { state in
            if state.isStopped { throw CancellationError() }
            state.asked += 1
            // Most begin at once.
            let isFree = !isSuspected && !state.turns.isClosed
            return (state.asked, isFree ? state.turns.ask(state.asked, isSuspected: false) : nil)
        }
        if let turn { return turn }
        return try await WaitReasons.during(reason) {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    wait(number, isSuspected: isSuspected, of: job, continuation)
                }
            } onCancel: {
                throwOut { waiting, _ in waiting == number }
            }
        }
    }

    private func wait(_ number: Int, isSuspected: Bool, of job: JobName, _ continuation: Continuation) {
        let result: Result<StepAdmission.Turn, any Error>? = change { state in
            if state.isStopped || Task.isCancelled { return .failure(CancellationError()) }
            if let turn = state.turns.ask(number, isSuspected: isSuspected) { return .success(turn) }
            state.waiting[number] = (job, continuation)
            return nil
        }
        if let result { continuation.resume(with: result) }
    }

    /// A step that had begun has ended.
    func end(_ turn: StepAdmission.Turn) { change { $0.turns.end(turn.number) } }

    /// Lets steps begin, suspected ones alone.
    func open() { change { $0.turns.open() } }

    /// Lets all other steps begin beside a suspected one, until ``open()``.
    func openWide() { change { $0.turns.openWide() } }

    /// Cancels the waiting steps of a job that is to begin no further step.
    func release(_ job: JobName) { throwOut { $1 == job } }

    /// Cancels all waiting steps, and lets no step begin any more.
    func stop() {
        state.withLock { $0.isStopped = true }
        throwOut { _, _ in true }
    }

    private func throwOut(_ isMeant: (Int, JobName) -> Bool) {
        let meant = change { state in
            let meant = state.waiting.filter { isMeant($0.key, $0.value.job) }
            for number in meant.keys {
                state.waiting[number] = nil
                state.turns.forget(number)
            }
            return meant.values.map(\.continuation)
        }
        for continuation in meant { continuation.resume(throwing: CancellationError()) }
    }

    /// Changes the state, then resumes the steps that may begin because of it.
    private func change<Value>(_ body: (inout State) throws -> Value) rethrows -> Value {
        let (value, begin, isChanged) = try state.withLock { state in
            let wasClosed = state.turns.isClosed
            let value = try body(&state)
            let begin = state.turns.next().compactMap { turn in
                state.waiting.removeValue(forKey: turn.number).map { (turn, $0.continuation) }
            }
            return (value, begin, state.turns.isClosed != wasClosed)
        }
        for (turn, continuation) in begin { continuation.resume(returning: turn) }
        if isChanged { onChange() }
        return value
    }
}
