import ServiceLifecycle
import Tools

/// Reaps the orphans of tools while the daemon runs.
struct ReaperService: Service {
    let clock: any Clock<Duration>

    func run() async throws { await cancelWhenGracefulShutdown { await OrphanReaper.run(clock: clock) } }
}
