import Documents
import Glibc
import Synchronization

/// The system's user database.
package enum UserNames {
    /// Names, and the second in which each was looked up: in a burst of drops the database is asked once per second.
    private static let known = Mutex<[Int: (name: String, second: Int)]>([:])
    private static let knownMax = 1_024

    /// The user's name, or the number where there is none; at most one second old.
    package static func name(of uid: Int) -> String {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        if let known = known.withLock({ $0[uid] }), known.second == time.tv_sec { return known.name }
        let name = nameInDatabase(uid)
        known.withLock { known in
            if known.count >= knownMax { known = [:] }
            known[uid] = (name, time.tv_sec)
        }
        return name
    }

    private static func nameInDatabase(_ uid: Int) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let result = getpwuid_r(uid_t(uid), &entry, &buffer, buffer.count, &found)
        guard result == 0, found != nil, let name = entry.pw_name else { return String(uid) }
        return String(cString: name)
    }

    /// The names of the groups that the user belongs to, the primary one included.
    package static func groups(of uid: Int) -> Set<String> {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(uid_t(uid), &entry, &buffer, buffer.count, &found) == 0, found != nil else { return [] }
        var ids = [gid_t](repeating: 0, count: groupsMax)
        var count = Int32(groupsMax)
        // getgrouplist(3) cuts the list at `groupsMax`, and `count` is the full number then.
        _ = getgrouplist(entry.pw_name, entry.pw_gid, &ids, &count)
        return Set(ids.prefix(min(Int(count), groupsMax)).compactMap(groupName))
    }

    /// The number of a group by its name, or by the number itself; nil when there is none.
    package static func groupID(named name: String) -> UInt32? {
        if let id = UInt32(name) { return id }
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 1 << 20)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }

    /// NGROUPS_MAX of Linux.
    private static let groupsMax = 65_536

    /// The name of a group; nil where it has none.
    package static func nameOfGroup(_ gid: Int) -> String? { groupName(gid_t(gid)) }

    private static func groupName(_ gid: gid_t) -> String? {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        // The entry also holds the names of all members.
        var buffer = [CChar](repeating: 0, count: 1 << 20)
        guard getgrgid_r(gid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.gr_name
        else { return nil }
        return String(cString: name)
    }
}

/// The user that the daemon runs as; drops of other users are copied.
let effectiveUserID = geteuid()
