import Client
package import Daemon
package import Documents
package import Engine
import Hummingbird
import Jobs
import Logging
import NIOCore
package import ServiceLifecycle
import Spool
import Synchronization

/// The API as a face of the daemon: a Unix socket, TCP, or sockets that systemd passes.
package struct APIFace: DaemonFace {
    private let changes = JobChanges()
    private let passed: [CInt]

    /// - Parameter passed: Sockets that systemd passed, sd_listen_fds(3); this takes them over.
    package init(passed: [CInt] = []) { self.passed = passed }

    package var observer: any JobObserver { changes }

    package func check(
        _ configuration: SpoolConfiguration,
        environment: [String: String]
    ) throws(DocumentError) {
        _ = try TokenFile(configuration.api, environment: environment).read()
    }

    package func makeService(_ context: DaemonContext) -> any Service {
        APIService(api: API(context, changes), passed: passed)
    }
}

/// What the handlers of the API share.
final class API: Sendable {
    let context: DaemonContext
    let client: SpoolClient
    let changes: JobChanges
    let submissions: SubmissionService
    let groups = UserGroups()
    let details = RenderedJobs()
    private let access: Mutex<(rules: AccessRules, generation: Int)>

    init(_ context: DaemonContext, _ changes: JobChanges) {
        self.context = context
        self.changes = changes
        client = SpoolClient(
            spool: context.spool,
            configurationPath: context.configurationPath,
            wallClock: context.platform.wallClock,
            clock: context.platform.clock,
            random: context.platform.random,
            sharedIndex: context.index
        )
        submissions = SubmissionService(
            spool: context.spool,
            durability: context.node.durability,
            threads: context.platform.disk,
            identifiers: JobIDGenerator(clock: context.platform.wallClock, random: context.platform.random),
            clock: context.platform.wallClock
        )
        let settings = context.inForce().configuration.api
        access = Mutex((AccessRules(settings: settings, tokens: TokenTable()), -1))
    }

    /// The most open connections: a quarter of the process's descriptors.
    var connectionsMax: Int { max(16, min(4_096, context.platform.descriptorsMax / 4)) }

    /// Who may do what, by the configuration in force and the token file as it was at its reload.
    var rules: AccessRules {
        let inForce = context.inForce()
        return access.withLock { access in
            if access.generation == inForce.generation { return access.rules }
            let settings = inForce.configuration.api
            var tokens = access.rules.tokens
            do throws(DocumentError) {
                tokens = try TokenFile(settings, environment: context.environment).read()
            } catch {
                // The check before the reload found it right; the tokens from before stay.
                context.logger.error("\(error)")
            }
            access = (AccessRules(settings: settings, tokens: tokens), inForce.generation)
            return access.rules
        }
    }

    var router: Router<APIContext> {
        let router = Router(context: APIContext.self)
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.respond(to: request, context)
            }
        }
        return router
    }

    /// Every route there is: the router, and what openapi.json says, are made of these.
    var routes: [Route] {
        SpoolRoutes(self).routes + SubmitRoute(self).routes + JobRoutes(self).routes + JobFileRoutes(self).routes
            + EventRoutes(self).routes + RequestRoutes(self).routes
            + MCPRoutes(self).routes + [OpenAPIDocument.route { self.routes }]
    }
}
