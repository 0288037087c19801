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

    /// The leader was started.
    ///
    /// When memory runs out the kernel is to take a tool and not the daemon: it is told so.
    func start(leader: pid_t) {
        state.withLock { $0.leader = leader }
        OwnChildren.add(leader)
        OutOfMemory.prefer(leader)
        DescriptorLimit.lower(for: leader)
    }

    deinit { if let leader = state.withLock({ $0.leader }) { OwnChildren.remove(leader) } }

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
        guard let leader = state.withLock({ $0.leader }), let processes = ProcessStatus.processes() else { return true }
        return processes.contains { process in
            guard let status = ProcessStatus(process) else { return false }
            return status.group == leader && status.isRunning
        }
    }
}
