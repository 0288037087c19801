import Jobs

/// When the engine looks again at what it could not do: soon, and less and less often while that does not help.
///
/// Events tell of what changes in the spool and not of a disk that is well again, so somebody has to look.
struct Trouble {
    /// How long a failing disk is let rest at first.
    static let pause: Duration = .seconds(5)

    /// The slow timer looks at everything anyway.
    private static let pauseMax: Duration = .seconds(60)

    private(set) var nextLook: Timestamp?
    private var lastNote: Timestamp?
    private var rest = pause

    /// Something could not be done.
    mutating func note(at now: Timestamp) {
        if let lastNote, now - lastNote > Self.pauseMax * 2 { rest = Self.pause }
        lastNote = now
        if nextLook == nil { nextLook = now + rest }
    }

    /// Whether it is time to look again; told once.
    mutating func isOver(at now: Timestamp) -> Bool {
        guard let nextLook, !(nextLook > now && nextLook - now <= Self.pauseMax) else { return false }
        self.nextLook = nil
        rest = min(rest * 2, Self.pauseMax)
        return true
    }

    /// Whether a pause is still on; one that lies further ahead than pauses last was set before the clock was set back.
    static func lasts(until end: Timestamp, at now: Timestamp) -> Bool { end > now && end - now <= pause }
}
