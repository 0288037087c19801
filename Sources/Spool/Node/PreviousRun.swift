import Documents
package import Jobs

/// What a node's file says about the node's previous run: how it ended, and in what rhythm recent runs ended.
package struct PreviousRun: Sendable, Equatable {
    /// Nil when the version that wrote the file did not record enough.
    package var end: PreviousRunEnd?
    /// The longest time between two starts while the node died again and again; zero when it did not.
    ///
    /// A cause outside the daemon that kills it at regular intervals strikes within this time.
    package var rhythm: Duration = .zero

    /// Crashes further apart are unrelated.
    package static let rhythmMax: Duration = .seconds(30)

    init(end: PreviousRunEnd?, rhythm: Duration) { (self.end, self.rhythm) = (end, rhythm) }

    /// - Parameters:
    ///   - file: What the previous run left in the node's file.
    ///   - bootID: The machine's current boot id.
    init(file: JSON, bootID: String, now: Timestamp) {
        end = Self.end(file, bootID)
        guard let started = file["started_at"]?.string.flatMap(Timestamp.init(text:)) else { return }
        let before = file["rhythm_ms"]?.int.map { Duration.milliseconds(max(0, $0)) } ?? .zero
        switch end {
        case .crash, .crashIdle:
            let gap = now - started
            rhythm = gap > Self.rhythmMax ? .zero : min(Self.rhythmMax, max(before, gap))
        // The daemon waited on purpose in that run, so its length says nothing.
        case .crashAlone: rhythm = min(Self.rhythmMax, before)
        case .stop, .reboot, nil: break
        }
    }

    private static func end(_ file: JSON, _ bootID: String) -> PreviousRunEnd? {
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

/// What a node is doing, as the next daemon needs to know after a crash.
package enum NodeActivity: String, Sendable {
    /// No step has begun in this run of the daemon.
    case idle
    case together
    /// A suspected step runs, and nothing else does.
    case alone
}
