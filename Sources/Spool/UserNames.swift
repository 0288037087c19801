import Glibc

/// The system's user database.
package enum UserNames {
    /// The user's name, or the number where there is none.
    package static func name(of uid: Int) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let result = getpwuid_r(uid_t(uid), &entry, &buffer, buffer.count, &found)
        guard result == 0, found != nil, let name = entry.pw_name else { return String(uid) }
        return String(cString: name)
    }
}

/// The user that the daemon runs as; drops of others are copied.
let effectiveUserID = geteuid()
