/// Looks for something again and again, until it is there or patience ends.
struct Polling: Sendable {
    var clock: any Clock<Duration>
    /// Between two looks.
    var pause: Duration
    /// How long to look; the last look begins before that.
    var patience: Duration

    /// What `look` finds; nil when it has found nothing in time.
    ///
    /// - Throws: What `look` throws; `CancellationError`.
    func first<Value>(_ look: () async throws -> Value?) async throws -> Value? {
        try await first(on: clock, look)
    }

    private func first<Value, C: Clock<Duration>>(
        on clock: C,
        _ look: () async throws -> Value?
    ) async throws -> Value? {
        let end = clock.now.advanced(by: patience)
        while clock.now < end {
            if let found = try await look() { return found }
            try await clock.sleep(for: pause)
        }
        return nil
    }
}
