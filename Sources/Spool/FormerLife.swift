package import Jobs

/// What a node's file says of the life before: how it ended, and how regularly lives ended of late.
package struct FormerLife: Sendable, Equatable {
    /// Nil where a version has written the file that did not say enough.
    package var end: FormerEnd?
    /// The longest time from a start to the next one while the node has died again and again; zero when it has not.
    ///
    /// Whatever kills a daemon from outside in a rhythm strikes within it.
    package var rhythm: Duration = .zero

    /// Two deaths further apart have nothing to do with each other.
    package static let rhythmMax: Duration = .seconds(30)

    init(end: FormerEnd?, rhythm: Duration) { (self.end, self.rhythm) = (end, rhythm) }

    /// - Parameters:
    ///   - file: What the former life has left in the node's file.
    ///   - bootID: Of the machine as it runs now.
    init(file: JSON, bootID: String, now: Timestamp) {
        end = Self.end(file, bootID)
        guard let started = file["started_at"]?.string.flatMap(Timestamp.init(text:)) else { return }
        let before = file["rhythm_ms"]?.int.map { Duration.milliseconds(max(0, $0)) } ?? .zero
        switch end {
        case .crash, .crashIdle:
            let gap = now - started
            rhythm = gap > Self.rhythmMax ? .zero : min(Self.rhythmMax, max(before, gap))
        // How long that life took was of the daemon's own choosing.
        case .crashAlone: rhythm = min(Self.rhythmMax, before)
        case .stop, .reboot, nil: break
        }
    }

    private static func end(_ file: JSON, _ bootID: String) -> FormerEnd? {
        guard let boot = file["boot_id"]?.string,
            let activity = file["activity"]?.string.flatMap(NodeActivity.init)
        else { return nil }
        if boot != bootID { return .reboot }
        if file["stopping"]?.bool == true { return .stop }
        return switch activity {
        case .idle: .crashIdle
        case .together: .crash
        case .alone: .crashAlone
        }
    }
}

/// What is under way on a node, as far as it matters when the node dies.
package enum NodeActivity: String, Sendable {
    /// No step has begun in this life.
    case idle
    case together
    /// A suspected step runs, and nothing else does.
    case alone
}
