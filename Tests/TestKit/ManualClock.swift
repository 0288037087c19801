package import Documents
import Synchronization

/// A clock that stands still until a test turns it: wall clock and monotonic clock in one.
package final class ManualClock: Clock {
    /// Time since the clock was made.
    package struct Instant: InstantProtocol {
        package var offset: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State: Sendable {
        var now = Instant(offset: .zero)
        var sleepers: [Int: (deadline: Instant, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var count = 0
    }

    private let state = Watched(State())
    private let start: Timestamp

    /// Stands at 2026-11-23T10:00:00Z when no other time is given.
    package init(start: Timestamp = Timestamp(milliseconds: 1_795_428_000_000)) { self.start = start }

    package var now: Instant { state.value.now }
    package var minimumResolution: Duration { .zero }

    package var wallClock: WallClock { WallClock { [state, start] in start + state.value.now.offset } }

    /// Turns the clock, and wakes the tasks whose deadline has come.
    package func advance(by duration: Duration) {
        let due = state.update { state in
            state.now.offset += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Returns when a task sleeps that wakes exactly `duration` from now.
    package func whenSleeping(for duration: Duration) async {
        await state.wait { state in
            state.sleepers.values.contains { state.now.duration(to: $0.deadline) == duration }
        }
    }

    /// Waits until a task sleeps that wakes within `duration` from now, and returns the shortest remaining sleep.
    package func whenSleeping(forUpTo duration: Duration) async -> Duration {
        await state.wait { state in
            state.sleepers.values.contains { state.now.duration(to: $0.deadline) <= duration }
        }
        return sleeping[0]
    }

    /// For how long the sleepers still sleep, shortest first.
    package var sleeping: [Duration] {
        let state = state.value
        return state.sleepers.values.map { state.now.duration(to: $0.deadline) }.sorted()
    }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let number = state.update { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.update { state in
                    if deadline <= state.now || Task.isCancelled { return true }
                    state.sleepers[number] = (deadline, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            let sleeper = state.update { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
