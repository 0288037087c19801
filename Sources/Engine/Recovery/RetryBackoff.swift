import Documents
import Jobs

/// The engine's back-off after failures: when it tries again, and less and less often while failures continue.
///
/// inotify reports changes in the spool, but not that a disk works again, so the engine has to try.
struct RetryBackoff {
    /// The first wait after a failure.
    static let pause: Duration = .seconds(5)

    /// The longest wait: the scan timer looks at everything anyway.
    private static let pauseMax: Duration = .seconds(60)

    private(set) var nextLook: Timestamp?
    private var lastNote: Timestamp?
    private var rest = pause

    /// Notes a failure.
    mutating func note(at now: Timestamp) {
        if let lastNote, now - lastNote > Self.pauseMax * 2 { rest = Self.pause }
        lastNote = now
        if nextLook == nil { nextLook = now + rest }
    }

    /// Whether it is time to try again; true once.
    mutating func isOver(at now: Timestamp) -> Bool {
        guard let nextLook, !(nextLook > now && nextLook - now <= Self.pauseMax) else { return false }
        self.nextLook = nil
        rest = min(rest * 2, Self.pauseMax)
        return true
    }

    /// Whether a pause goes on; an end further ahead than ``pause`` was set before the clock was set back.
    static func lasts(until end: Timestamp, at now: Timestamp) -> Bool { end > now && end - now <= pause }
}
