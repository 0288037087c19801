import Documents
import Glibc
import Synchronization

/// The process group of one command, and why it was ended.
///
/// Signals go to the group only between ``start(leader:)`` and the reaping of the leader: until then the kernel does
/// not reuse its number.
final class ProcessGroup: Sendable {
    /// Why the daemon ends a group.
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

    /// Records the leader that was started.
    ///
    /// It also asks the kernel to kill the tool before the daemon when memory runs out.
    func start(leader: pid_t) {
        state.withLock { $0.leader = leader }
        ChildProcesses.add(leader)
        OOMKiller.prefer(leader)
        DescriptorLimit.lower(for: leader)
    }

    deinit { if let leader = state.withLock({ $0.leader }) { ChildProcesses.remove(leader) } }

    /// Sends SIGTERM to the group; false when the leader has already ended by itself.
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

    /// Whether a member of the group still runs, by /proc; a leader that has exited is a zombie and does not count.
    ///
    /// kill(2) with signal 0 cannot tell: it counts zombies. The answer is true where /proc cannot be read.
    var hasRunningMember: Bool {
        guard let leader = state.withLock({ $0.leader }), let processes = ProcessStatus.processes() else { return true }
        return processes.contains { process in
            guard let status = ProcessStatus(process) else { return false }
            return status.group == leader && status.isRunning
        }
    }
}
