import Glibc
import Spool

/// Whether a user could write into an inbox by itself: who may drop files may submit through the API, and no one else.
enum InboxPermission {
    /// By the directory's mode, as the kernel decides without access control lists (path_resolution(7)).
    ///
    /// - Parameter groups: The names of the user's groups.
    static func allows(uid: Int, groups: Set<String>, inbox: String) -> Bool {
        if uid == 0 || uid == Int(geteuid()) { return true }
        var status = stat()
        guard stat(inbox, &status) == 0 else { return false }
        let mode = status.st_mode
        let needed: mode_t = 0o3
        if Int(status.st_uid) == uid { return mode >> 6 & needed == needed }
        if let group = UserNames.nameOfGroup(Int(status.st_gid)), groups.contains(group) {
            return mode >> 3 & needed == needed
        }
        return mode & needed == needed
    }
}
