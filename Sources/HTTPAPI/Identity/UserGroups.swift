import Glibc
import Spool
import Synchronization

/// The groups of users, looked up once in some seconds: the user database may be a server elsewhere.
final class UserGroups: Sendable {
    private static let lifetime = 5
    private static let max = 1_024

    private let known = Mutex<[Int: (names: Set<String>, second: Int)]>([:])

    /// The names of the user's groups, as the user database has them.
    func of(_ uid: Int) -> Set<String> {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        if let entry = known.withLock({ $0[uid] }), time.tv_sec - entry.second < Self.lifetime { return entry.names }
        let names = UserNames.groups(of: uid)
        known.withLock { known in
            if known.count >= Self.max { known = [:] }
            known[uid] = (names, time.tv_sec)
        }
        return names
    }
}
