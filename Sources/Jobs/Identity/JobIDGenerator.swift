package import Documents
import Synchronization

/// Makes ids that ascend, also within a millisecond and when the clock is set back.
package final class JobIDGenerator: Sendable {
    private let clock: WallClock
    private let random: @Sendable () -> UInt64
    private let last = Mutex<UInt128>(0)

    /// Within a millisecond ids ascend by random steps up to this, so that the next id cannot be guessed.
    private static let stepMax: UInt64 = 1 << 40
    /// An id that is further ahead of the clock than this is ignored: a submitter may have made it up.
    private static let aheadMax: Duration = .seconds(86_400)

    package init(clock: WallClock, random: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        self.random = random
    }

    package func next() -> JobID {
        last.withLock { last in
            let now = UInt128(UInt64(clamping: clock.now.milliseconds) & 0xFFFF_FFFF_FFFF)
            if now > last >> JobID.randomBits {
                last = now << JobID.randomBits | UInt128(random() & 0xFFFF) << 64 | UInt128(random())
            } else {
                last &+= 1 + UInt128(random() % Self.stepMax)
            }
            return JobID(number: last)
        }
    }

    /// Makes all further ids greater than `id`, which an earlier process made.
    package func pass(_ id: JobID) {
        guard id.time - clock.now <= Self.aheadMax else { return }
        last.withLock { $0 = max($0, id.number) }
    }
}
