import Documents
import Jobs
import Logging
import Spool
import SystemPackage

extension JobEngine {
    /// Arms a timer for the next due time or look. A time further away than the scan interval is left to a scan before
    /// it, so that the engine notices a clock that jumps.
    func armTimer() {
        let now = wallClock.now
        // Without room, a job that starts or ends wakes the loop.
        let claim = schedule.claimRoom > 0 ? claimsPausedUntil ?? deferred.nextDue : nil
        let look = intakes.values.compactMap(\.nextLook).min()
        let times = [claim, held.nextExpiry, look, trouble.nextLook, schedule.patienceEnd].compactMap(\.self)
        guard let next = times.min(), !stopping.isSet, next - now <= settings.scanInterval else { return }
        if let timer, timer.at <= next { return }
        timer?.task.cancel()
        timersSet += 1
        timer = (
            next, timersSet,
            Task { [clock, number = timersSet] in
                guard (try? await clock.sleep(for: max(.zero, next - now))) != nil else { return }
                self.timerFired(number)
            }
        )
    }

    private func timerFired(_ number: Int) {
        if timer?.number == number { timer = nil }
        wake()
    }

    func startHousekeeping() {
        housekeeping = [
            Task { [clock, settings] in
                var beats = 0
                while (try? await clock.sleep(for: settings.heartbeatInterval)) != nil {
                    beats += 1
                    await self.beat(beats)
                }
            },
            makeScans(),
        ]
    }

    private func makeScans() -> Task<Void, Never> {
        Task { [clock, settings] in
            while (try? await clock.sleep(for: settings.scanInterval)) != nil { self.scanAll() }
        }
    }

    /// Scans at the interval of the settings from now on.
    func restartScans() {
        guard let scans = housekeeping.last else { return }
        scans.cancel()
        housekeeping.append(makeScans())
    }

    private func beat(_ count: Int) async {
        let now = wallClock.now
        beats = count
        do {
            try await node.run { [node, lock] in
                try lock.check(in: node.spool)
                try lock.beat(counter: count, now: now)
            }
            _ = complaints.end(.heartbeat)
        } catch let error as SpoolError where error.cause == .noSpace || error.cause == .diskQuotaExceeded {
            // The lock still holds; only the time in its file grows old.
            if complaints.isNews(error, about: .heartbeat) { logger.warning("\(error)") }
        } catch {
            fail(error)
        }
    }

    private func scanAll() {
        requestFullScan()
        // A directory that was removed and made again has no watch, so no event reports it.
        mustWatchAgain = true
        wake()
    }

    func endTimers() {
        for task in housekeeping { task.cancel() }
        timer?.task.cancel()
        graceTimer?.cancel()
        quietTimer?.cancel()
        guardTimer?.cancel()
    }
}
