import AsyncHTTPClient
import Documents
import Engine
import JobIndex
import Jobs
package import Logging
import Models
import OrderedCollections
import ServiceLifecycle
import Spool
import Telemetry
import Tools
import UnixSignals
import Workflow

/// The daemon: a spool, its configuration, the engine that works on it, and the index that follows.
package struct SpoolDaemon: Sendable {
    /// What the daemon is started with.
    package struct Options: Sendable {
        package var spool: String
        package var configuration: String
        package var node: String
        package var drains: Bool

        package init(spool: String, configuration: String, node: String, drains: Bool) {
            (self.spool, self.configuration, self.node, self.drains) = (spool, configuration, node, drains)
        }
    }

    private let options: Options
    private let environment: [String: String]
    private let platform: Platform
    private let hangups: AsyncStream<Void>
    private let faces: [any DaemonFace]
    private let logger: Logger

    private var shares: DescriptorBudget { DescriptorBudget(limit: platform.descriptorsMax) }

    /// - Parameters:
    ///   - hangups: An element whenever the daemon must reload the configuration, see ``HangupSignal``.
    ///   - faces: What runs beside the engine, see ``DaemonFace``.
    package init(
        _ options: Options,
        environment: [String: String],
        platform: Platform,
        hangups: AsyncStream<Void>,
        faces: [any DaemonFace] = [],
        logger: Logger
    ) {
        self.options = options
        self.hangups = hangups
        self.faces = faces
        self.environment = environment
        self.platform = platform
        self.logger = logger
    }

    /// Works until SIGTERM or SIGINT, or until nothing is left in a drain.
    ///
    /// - Throws: `DocumentError`, `SpoolError`, `NodeLock.Held`, `IndexError` at start; `SyncFailure` and
    ///   `SpoolError` when the node could not go on.
    package func run() async throws {
        let configuration = try ConfigurationFile.load(options.configuration)
        let http = HTTPClient(
            eventLoopGroupProvider: .shared(platform.network),
            configuration: ModelConnections.configuration
        )
        let servers = MCPServers(
            directory: configuration.directory,
            environment: environment,
            clock: platform.clock,
            logger: logger
        )
        let result: Result<Void, any Error>
        do {
            result = .success(try await run(configuration, http, servers))
        } catch {
            result = .failure(error)
        }
        await servers.close()
        try await http.shutdown()
        try result.get()
    }

    private func run(
        _ configuration: SpoolConfiguration,
        _ http: HTTPClient,
        _ servers: MCPServers
    ) async throws {
        let library = WorkflowCache(
            http: http,
            environment: environment,
            directory: configuration.directory,
            clock: platform.clock,
            servers: servers,
            descriptors: DescriptorPermits(max: shares.calls, of: shares.limit),
            logger: logger
        )
        let result: Result<Void, any Error>
        do {
            try library.check(configuration.catalog)
            for face in faces { try face.check(configuration, environment: environment) }
            sayConnections(configuration)
            result = .success(try await work(configuration, library, servers))
        } catch {
            result = .failure(error)
        }
        try await library.close()
        try result.get()
    }

    /// Logs the connections, so that a forgotten proxy is found in the log.
    private func sayConnections(_ configuration: SpoolConfiguration) {
        for way in configuration.connections(environment: environment) { logger.notice("\(way)") }
        for fault in configuration.deliveryFaults(environment: environment) {
            logger.warning("\(fault); deliveries are tried again until it is mended")
        }
    }

    private func work(
        _ configuration: SpoolConfiguration,
        _ library: WorkflowCache,
        _ servers: MCPServers
    ) async throws {
        let spool = try SpoolRoot(path: options.spool, fileSystem: platform.fileSystem)
        let node = SpoolNode(
            spool: spool,
            node: options.node,
            durability: Durability(
                fileSystem: platform.fileSystem,
                root: spool.root,
                threads: platform.disk,
                mode: configuration.durability
            ),
            threads: platform.disk,
            clock: platform.wallClock,
            identifiers: JobIDGenerator(clock: platform.wallClock, random: platform.random),
            timer: platform.clock,
            openJobsMax: shares.openJobs
        )
        try await node.prepare(queues: Array(configuration.catalog.queues.keys))
        let lock = try NodeLock(of: options.node, in: spool, now: platform.wallClock.now)
        let left = try await node.removeStaleSubmissions()
        if left > 0 { logger.info("removed what interrupted submissions left", metadata: ["files": "\(left)"]) }
        do {
            try await work(configuration, node, lock, library, servers)
        } catch {
            // A daemon that cannot start has not crashed.
            do { try lock.noteStop() } catch { logger.warning("\(error)") }
            throw error
        }
    }

    private func work(
        _ configuration: SpoolConfiguration,
        _ node: SpoolNode,
        _ lock: NodeLock,
        _ library: WorkflowCache,
        _ servers: MCPServers
    ) async throws {
        let spool = node.spool
        let owner = owner(of: spool)
        let path = configuration.index ?? IndexLocation.standard(spool: options.spool)
        try IndexLocation.prepare(path, spool: options.spool)
        let index = try await IndexService(
            path: path,
            owner: owner,
            spool: spool,
            threads: platform.disk,
            clock: platform.wallClock,
            timer: platform.clock,
            logger: logger
        )
        do {
            try await work(configuration, node, lock, index, library, servers)
        } catch {
            await index.close()
            throw error
        }
        await index.close()
    }

    /// The spool that the index must belong to; nil where the spool cannot get an id.
    private func owner(of spool: SpoolRoot) -> IndexOwner? {
        do throws(SpoolError) {
            let identifiers = JobIDGenerator(clock: platform.wallClock, random: platform.random)
            return IndexOwner(id: try spool.ensureIdentity(identifiers.next()), path: options.spool)
        } catch {
            logger.warning("\(error); its index cannot be told from that of another spool")
            return nil
        }
    }

    private func work(
        _ configuration: SpoolConfiguration,
        _ node: SpoolNode,
        _ lock: NodeLock,
        _ index: IndexService,
        _ library: WorkflowCache,
        _ servers: MCPServers
    ) async throws {
        let spool = node.spool
        let settings = settings(of: configuration, node)
        let asks = PendingReloads()
        let wakeUps = JobEngine.makeWakeUps()
        let watch = try InboxWatch { wakeUps.continuation.yield() }
        let engine = JobEngine(
            node: node,
            lock: lock,
            watch: watch,
            catalog: configuration.catalog,
            settings: settings,
            observers: [IndexFeed(writer: index.writer)] + faces.map(\.observer),
            provider: library,
            isTaken: index.contains,
            environment: RunEnvironment(
                wallClock: platform.wallClock,
                clock: platform.clock,
                jitter: { Double(platform.random() >> 11) / Double(1 << 53) },
                shortWaitMax: settings.shortWaitMax,
                modelWaitMax: settings.modelWaitMax,
                deathsMax: settings.deathsMax
            ),
            hooks: CommandHooks(
                directory: configuration.directory,
                environment: environment,
                descriptors: DescriptorPermits(max: shares.calls, of: shares.limit),
                clock: platform.clock
            ),
            logger: logger,
            wakeUps: wakeUps,
            onReload: asks.request
        )
        let watcher = WatchThread(watch)
        defer { watcher.stop() }
        let notifier = ServiceNotifier(logger: logger)
        let inForce = ConfigurationInForce(configuration)
        let readiness = Readiness()
        let reload = ReloadService(
            asks: asks,
            reload: ConfigurationReload(
                path: options.configuration,
                environment: environment,
                platform: platform,
                library: library,
                servers: servers,
                engine: engine,
                settings: { configuration in
                    try await node.prepare(queues: Array(configuration.catalog.queues.keys))
                    return self.settings(of: configuration, node)
                },
                inForce: inForce,
                faces: faces,
                logger: logger
            ),
            start: configuration,
            node: node,
            notifier: notifier,
            hangups: hangups,
            logger: logger
        )
        // Stopped in reverse order: the reload service, which changes the engine, then the engine, then the index.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: index),
            .init(
                service: EngineService(engine, notifier: notifier, logger: logger) {
                    readiness.set()
                    asks.begin()
                },
                successTerminationBehavior: .gracefullyShutdownGroup
            ),
            .init(service: reload),
        ]
        let context = DaemonContext(
            spool: spool,
            node: node,
            configurationPath: options.configuration,
            inForce: { inForce.current },
            index: { index.writer.database },
            isReady: { readiness.isReady },
            environment: environment,
            platform: platform,
            logger: logger
        )
        // Stopped first: a caller's request must not reach an engine that has stopped.
        for face in faces { services.append(.init(service: face.makeService(context))) }
        if OrphanReaper.isNeeded { services.insert(.init(service: ReaperService(clock: platform.clock)), at: 0) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger.atLevel(.error)
            )
        )
        try await group.run()
    }

    /// The engine's settings for a configuration whose inboxes exist.
    private func settings(of configuration: SpoolConfiguration, _ node: SpoolNode) -> EngineSettings {
        var settings = configuration.engine
        settings.drains = options.drains
        let queues = configuration.catalog.queues.keys
        // inotify does not report changes by other hosts.
        let isLocal = node.isLocal && queues.allSatisfy { node.spool.isLocal(inboxOf: $0) }
        if !isLocal { settings.scanInterval = .seconds(2) }
        return settings
    }
}

extension Logger {
    /// The lifecycle library's own messages are of use only when something is wrong.
    fileprivate func atLevel(_ level: Logger.Level) -> Logger {
        var logger = self
        logger.logLevel = level
        return logger
    }
}
