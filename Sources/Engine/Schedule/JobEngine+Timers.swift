import Documents
import Jobs
import Logging
import Spool
import SystemPackage

extension JobEngine {
    // MARK: Tasks

    /// Starts a task that ends with the engine, in place of the one of its kind.
    func startTask(_ kind: Timers.Kind, _ body: @escaping @Sendable (isolated JobEngine) async -> Void) {
        timers.set(kind) { task($0, body) }
    }

    /// Does something after a while, unless the timer is cancelled or set again before.
    func setTimer(
        _ kind: Timers.Kind,
        after duration: Duration,
        _ body: @escaping @Sendable (isolated JobEngine) -> Void
    ) {
        timers.set(kind) { task($0, after: duration, body) }
    }

    private func task(
        _ number: Int,
        after duration: Duration,
        _ body: @escaping @Sendable (isolated JobEngine) -> Void
    ) -> Task<Void, Never> {
        task(number) { [clock] engine in
            if (try? await clock.sleep(for: duration)) != nil { body(engine) }
        }
    }

    private func task(
        _ number: Int,
        _ body: @escaping @Sendable (isolated JobEngine) async -> Void
    ) -> Task<Void, Never> {
        Task {
            await body(self)
            timers.ended(number)
        }
    }

    /// Ends all timers and waits for their tasks.
    func endTimers() async {
        timers.cancelAll()
        while let task = timers.anyTask { await task.value }
    }

    // MARK: Timers

    /// Arms a timer for the next due time or look. A time further away than the scan interval is left to a scan before
    /// it, so that the engine notices a clock that jumps.
    func armTimer() {
        let now = wallClock.now
        // Without room, a job that starts or ends wakes the loop.
        let claim = schedule.claimRoom > 0 ? resting.deferred.nextClaim : nil
        let delivery = resting.deliveries.hasRoom ? resting.deliveries.marks.nextClaim : nil
        let times = [
            claim, delivery, resting.held.nextExpiry, inboxes.nextLook, recovery.nextLook, schedule.patienceEnd,
        ].compactMap(
            \.self
        )
        guard let next = times.min(), !stopping.isSet, next - now <= settings.scanInterval else { return }
        timers.wake(at: next) { task($0, after: max(.zero, next - now)) { $0.wake() } }
    }

    /// Cancels the running steps when they do not end in time.
    func startGrace() { setTimer(.grace, after: settings.stopGrace) { $0.cancelRunning() } }

    func startHousekeeping() {
        startTask(.heartbeats) { [clock, settings] engine in
            while (try? await clock.sleep(for: settings.heartbeatInterval)) != nil { await engine.beat() }
        }
        startScans()
    }

    /// Scans at the interval of the settings from now on.
    func startScans() {
        startTask(.scans) { [clock, settings] engine in
            while (try? await clock.sleep(for: settings.scanInterval)) != nil { engine.scanAll() }
        }
    }

    private func beat() async {
        let now = wallClock.now
        let count = heartbeats.beat()
        do {
            try await node.run { [node, lock] in
                try lock.check(in: node.spool)
                try lock.beat(counter: count, now: now)
            }
            _ = loggedErrors.end(.heartbeat)
        } catch let error as SpoolError where error.cause == .noSpace || error.cause == .diskQuotaExceeded {
            // The lock still holds; only the time in its file grows old.
            if loggedErrors.isNews(error, about: .heartbeat) { logger.warning("\(error)") }
        } catch {
            fail(error)
        }
    }

    private func scanAll() {
        requestFullScan()
        // A directory that was removed and made again has no watch, so no event reports it.
        recovery.watchMayBeMissing()
        wake()
    }

    /// A pause of a step before its next attempt.
    func sleep(for duration: Duration) async throws {
        if stopping.isSet { throw CancellationError() }
        let (number, pause) = timers.beginPause(duration, on: clock)
        defer { timers.endPause(number) }
        try await withTaskCancellationHandler {
            try await pause.value
        } onCancel: {
            pause.cancel()
        }
    }
}
