import Documents
import Glibc
import Synchronization

/// The processes that this one started and waits for; process-wide, as children are.
enum ChildProcesses {
    /// Number of holders by process ID: the kernel may reuse an ID before its first holder is removed.
    private static let holders = Mutex<[pid_t: Int]>([:])

    static func add(_ process: pid_t) { holders.withLock { $0[process, default: 0] += 1 } }

    static func remove(_ process: pid_t) {
        holders.withLock { holders in
            let left = holders[process, default: 1] - 1
            holders[process] = left == 0 ? nil : left
        }
    }

    static func contains(_ process: pid_t) -> Bool { holders.withLock { $0[process] != nil } }
}
