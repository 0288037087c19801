import Documents

/// The engine's timers and the other tasks that accompany it, none of which outlives its run.
///
/// Each task reports its end with ``ended(_:)``, so that the engine can wait for all of them.
struct Timers {
    /// What a timer is for; at most one of each kind is set.
    enum Kind {
        /// The next time at which the loop has something to do.
        case wakeUp
        case heartbeats, scans
        /// How long running steps may continue after a stop request.
        case grace
        /// Runs while no step may begin because of a suspected one.
        case quiet
        /// Limits how long suspected steps keep the others waiting, and then how long the others run.
        case gateGuard
        /// Not a timer: notes that this run ends on purpose.
        case stopNote
    }

    private var tasks: [Int: Task<Void, Never>] = [:]
    /// The timer of each kind that is set.
    private var current: [Kind: Int] = [:]
    private var begun = 0
    /// When the loop is to be woken.
    private var wakesAt: Timestamp?
    /// The waits of steps for a retry.
    private var pauses: [Int: Task<Void, any Error>] = [:]

    // MARK: Timers

    func isSet(_ kind: Kind) -> Bool { current[kind] != nil }

    /// Sets a timer, in place of the one of its kind.
    ///
    /// - Parameter start: Starts its task, which reports its end with this number.
    mutating func set(_ kind: Kind, _ start: (_ number: Int) -> Task<Void, Never>) {
        cancel(kind)
        begun += 1
        current[kind] = begun
        tasks[begun] = start(begun)
    }

    /// Sets the timer that wakes the loop, unless one is set that does so before.
    mutating func wake(at time: Timestamp, _ start: (_ number: Int) -> Task<Void, Never>) {
        if isSet(.wakeUp), let wakesAt, wakesAt <= time { return }
        set(.wakeUp, start)
        wakesAt = time
    }

    mutating func cancel(_ kind: Kind) {
        guard let number = current.removeValue(forKey: kind) else { return }
        tasks[number]?.cancel()
    }

    /// The task of a timer is at its end.
    mutating func ended(_ number: Int) {
        tasks[number] = nil
        current = current.filter { $0.value != number }
    }

    /// Cancels every timer; a note of the stop is still written.
    mutating func cancelAll() {
        for kind in current.keys where kind != .stopNote { cancel(kind) }
    }

    /// One of the tasks that have not ended.
    var anyTask: Task<Void, Never>? { tasks.values.first }

    // MARK: Pauses

    /// Begins a pause of a step, which ``cancelPauses()`` ends early.
    mutating func beginPause(_ duration: Duration, on clock: any Clock<Duration>) -> (Int, Task<Void, any Error>) {
        begun += 1
        let pause = Task { try await clock.sleep(for: duration) }
        pauses[begun] = pause
        return (begun, pause)
    }

    mutating func endPause(_ number: Int) { pauses[number] = nil }

    mutating func cancelPauses() {
        for pause in pauses.values { pause.cancel() }
    }
}
