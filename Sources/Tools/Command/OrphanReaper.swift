import CLinux
import Documents
import Glibc

/// Reaps the orphans of tools when the kernel makes them children of the daemon.
///
/// The kernel does so for the first process of a container (PID 1) and for a subreaper (prctl(2),
/// PR_SET_CHILD_SUBREAPER). Without the reaper each orphan would stay a zombie.
package enum OrphanReaper {
    /// The time between two scans.
    private static let interval = Duration.seconds(1)

    /// Whether orphans become children of this process.
    package static var isNeeded: Bool { getpid() == 1 || clinux_is_subreaper() == 1 }

    /// Reaps until the task is cancelled.
    package static func run(clock: any Clock<Duration>) async {
        while (try? await clock.sleep(for: interval)) != nil { await reap() }
    }

    /// Reaps the orphans that are dead.
    ///
    /// - Returns: The number of reaped orphans.
    @discardableResult
    static func reap() async -> Int {
        if clinux_has_dead_child() != 1 { return 0 }
        // While no start is under way, all own children are known. Reaping one of them would take its exit status from
        // the task that waits for it.
        await SpawnLock.shared.enter()
        defer { SpawnLock.shared.leave() }
        let own = getpid()
        return (ProcessStatus.processes() ?? []).count { process in
            guard let status = ProcessStatus(process), status.parent == own, status.isZombie else { return false }
            return !ChildProcesses.contains(process) && waitpid(process, nil, WNOHANG) == process
        }
    }
}
