import Engine
import Jobs
import Logging
import ServiceLifecycle
import Telemetry

/// The engine as a service: stops gracefully when the group does, and reports its state to systemd.
struct EngineService: Service {
    private let engine: JobEngine
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let onReady: @Sendable () -> Void

    init(
        _ engine: JobEngine,
        notifier: ServiceNotifier,
        logger: Logger,
        onReady: @escaping @Sendable () -> Void
    ) {
        (self.engine, self.notifier, self.logger, self.onReady) = (engine, notifier, logger, onReady)
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let timeout = notifier.watchdogTimeout { group.addTask { await watchdog(every: timeout / 2) } }
            group.addTask { try await work() }
            // The engine ends first; the watchdog ends only when it is cancelled.
            try await group.next()
            group.cancelAll()
        }
    }

    private func work() async throws {
        try await withGracefulShutdownHandler {
            try await engine.run {
                logger.notice("ready", metadata: ["message_id": "\(MessageID.daemonReady)"])
                notifier.ready("taking jobs")
                // Not before: systemd would take the end of a reload for the end of the start.
                onReady()
            }
        } onGracefulShutdown: {
            logger.notice("stopping", metadata: ["message_id": "\(MessageID.daemonStopping)"])
            notifier.stopping("waiting for running steps")
            Task { await engine.stop() }
        }
    }

    /// Pings through the engine, so that an engine that hangs is not reported alive.
    private func watchdog(every period: Duration) async {
        while (try? await Task.sleep(for: period)) != nil {
            await engine.isAlive()
            notifier.ping()
        }
    }
}
