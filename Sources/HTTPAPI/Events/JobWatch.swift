import Daemon
import Jobs

/// Waits until a job is as a caller wants it.
struct JobWatch: Sendable {
    /// Another node's daemon changes jobs that this one does not hear of; the index, too, follows a moment later.
    private static let pause: Duration = .milliseconds(250)

    private let api: API

    init(_ api: API) { self.api = api }

    /// What `look` finds after a change of the job; nil when it has found nothing in time.
    ///
    /// - Throws: What `look` throws; `CancellationError`.
    func first<Value: Sendable>(
        of job: String,
        within patience: Duration,
        _ look: @Sendable @escaping () async throws -> Value?
    ) async throws -> Value? {
        let clock = api.context.platform.clock
        guard let id = JobID(job) else { return nil }
        let changes = api.changes.changes(of: id)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await clock.sleep(for: patience)
                return nil
            }
            group.addTask {
                while true {
                    if let found = try await look() { return found }
                    try await Self.next(of: changes, or: Self.pause, on: clock)
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Returns after a change, or after a pause.
    static func next(of changes: AsyncStream<Void>, or pause: Duration, on clock: any Clock<Duration>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var iterator = changes.makeAsyncIterator()
                await iterator.next()
            }
            group.addTask { try await clock.sleep(for: pause) }
            try await group.next()
            group.cancelAll()
        }
    }
}
