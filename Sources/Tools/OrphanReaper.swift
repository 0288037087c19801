import CLinux
import Glibc

/// Reaps what tools leave behind, where that falls to the daemon: as the first process of a container (PID 1), or as a
/// subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). Without it each would stay in the table of processes as a zombie.
package enum OrphanReaper {
    /// Between two looks.
    private static let interval = Duration.seconds(1)

    /// Whether orphans become children of this process.
    package static var isNeeded: Bool { getpid() == 1 || clinux_is_subreaper() == 1 }

    /// Reaps until the task is cancelled.
    package static func run(clock: any Clock<Duration>) async {
        while (try? await clock.sleep(for: interval)) != nil { await reap() }
    }

    /// Reaps the orphans that are dead.
    ///
    /// - Returns: How many.
    @discardableResult
    static func reap() async -> Int {
        if clinux_has_dead_child() != 1 { return 0 }
        // While no process is being started all own children are known; to reap one of them would take its exit status
        // from the one that waits for it.
        await StartGate.shared.enter()
        defer { StartGate.shared.leave() }
        let own = getpid()
        return (ProcessStatus.processes() ?? []).count { process in
            guard let status = ProcessStatus(process), status.parent == own, status.isZombie else { return false }
            return !OwnChildren.contains(process) && waitpid(process, nil, WNOHANG) == process
        }
    }
}
