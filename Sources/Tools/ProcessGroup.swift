import Glibc
import Synchronization

/// The process group of one command, and why it was ended.
///
/// Signals go to the group only between ``start(leader:)`` and the reaping of the leader: until then the kernel gives
/// its number to nobody else.
final class ProcessGroup: Sendable {
    /// Why we end a group.
    enum Reason: Sendable {
        case timedOut, cancelled, outputUnusable
    }

    private struct State {
        var leader: pid_t?
        var reason: Reason?
        var leaderHasExited = false
        var wasKilled = false
    }

    private let state = Mutex(State())

    var wasStarted: Bool { state.withLock { $0.leader != nil } }
    var reason: Reason? { state.withLock { $0.reason } }
    var leaderHasExited: Bool { state.withLock { $0.leaderHasExited } }
    var wasKilled: Bool { state.withLock { $0.wasKilled } }

    func start(leader: pid_t) { state.withLock { $0.leader = leader } }

    /// Sends SIGTERM to the group; false when the leader had ended by itself before.
    func terminate(_ reason: Reason) -> Bool {
        state.withLock { state in
            if state.leaderHasExited { return false }
            state.reason = reason
            if let leader = state.leader { _ = Glibc.kill(-leader, SIGTERM) }
            return true
        }
    }

    /// Sends SIGKILL to all that is left of the group.
    func kill() {
        state.withLock { state in
            if let leader = state.leader { _ = Glibc.kill(-leader, SIGKILL) }
            state.wasKilled = true
        }
    }

    func leaderExited() { state.withLock { $0.leaderHasExited = true } }

    /// Whether a member of the group still runs, by /proc; the leader, when it has exited, is a zombie and does not count.
    ///
    /// kill(2) with signal 0 cannot tell: it counts zombies. Where /proc cannot be read the answer is yes.
    var hasRunningMember: Bool {
        guard let leader = state.withLock({ $0.leader }), let directory = opendir("/proc") else { return true }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = pid_t(name) else { continue }
            if let status = ProcessStatus(process), status.group == leader, status.isRunning { return true }
        }
        return false
    }
}

/// What /proc/PID/stat says of a process (proc(5)).
private struct ProcessStatus {
    static let lengthMax = 1_024

    let isRunning: Bool
    let group: pid_t

    init?(_ process: pid_t) {
        let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        if file < 0 { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.lengthMax)
        let count = read(file, &bytes, bytes.count)
        // The second field is the program's name in parentheses, which may hold anything, parentheses too.
        guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = String(decoding: bytes[(end + 1)..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 2, let group = pid_t(fields[2]) else { return nil }
        self.group = group
        isRunning = fields[0] != "Z" && fields[0] != "X"
    }
}
