package import Documents
import Glibc
import Jobs

extension WallClock {
    /// The machine's clock, CLOCK_REALTIME.
    package static let system = WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
