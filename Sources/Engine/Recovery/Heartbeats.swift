/// Counts this node's heartbeats, and measures with them what lasts.
struct Heartbeats {
    /// Heartbeats so far.
    private var count = 0
    /// Nodes without a lock file, each with the heartbeat at which that was first seen.
    private var lockMissingSince: [String: Int] = [:]
    /// The heartbeat at which lost events were last logged.
    private var lossLoggedAt: Int?

    /// A live node notices at its next heartbeat that its lock file is missing, and stops: after so many it is dead.
    private static let lockMissingMax = 4
    /// With a short inotify queue events are lost at every drop: that is logged once in so many heartbeats.
    private static let lossLogPause = 4

    /// Counts a heartbeat, and returns its number.
    mutating func beat() -> Int {
        count += 1
        return count
    }

    /// Events were lost.
    ///
    /// - Returns: Whether that is to be logged.
    mutating func eventsWereLost() -> Bool {
        if let lossLoggedAt, count - lossLoggedAt < Self.lossLogPause { return false }
        lossLoggedAt = count
        return true
    }

    /// These nodes have no lock file.
    ///
    /// - Returns: Those that have had none for so long that they are dead.
    mutating func locksAreMissing(of nodes: Set<String>) -> [String] {
        lockMissingSince = lockMissingSince.filter { nodes.contains($0.key) }
        for node in nodes where lockMissingSince[node] == nil { lockMissingSince[node] = count }
        return lockMissingSince.filter { count - $0.value >= Self.lockMissingMax }.map(\.key).sorted()
    }
}
