package import Documents
import Jobs
package import Logging

/// Makes models from their settings.
package enum ModelFactory {
    /// Makes the model that `settings` describe, without its fallback, which ``FallbackModel`` adds.
    ///
    /// - Parameters:
    ///   - connections: Shared by all models. They must outlive the model.
    ///   - environment: The daemon's environment, in which keys are looked up.
    ///   - baseDirectory: The configuration's directory, which relative paths of scripts and key files start from.
    ///   - limiter: The limiter of a model with the same ``ModelSettings/limiterKey``; nil for a new limiter.
    ///   - clock: Measures timeouts, pauses, limits per minute and a script's delays.
    ///   - logger: Gets a notice for each parameter that a server refuses.
    /// - Throws: ``DocumentError`` about a script, a file of authorities, or a proxy of the environment.
    package static func make(
        _ settings: ModelSettings,
        connections: ModelConnections,
        environment: [String: String],
        baseDirectory: String,
        limiter: ModelLimiter? = nil,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "agentspool.models")
    ) throws(DocumentError) -> any LimitedModel {
        switch settings.provider {
        case .http(let dialect, let endpoint, let model):
            ProviderModel(
                settings,
                dialect: dialect,
                endpoint: endpoint,
                model: model,
                key: settings.apiKey.map { APIKey($0, environment: environment, baseDirectory: baseDirectory) },
                headers: settings.connection.headers.map { name, value in
                    ConfiguredHeader(name, value, environment: environment, baseDirectory: baseDirectory)
                },
                http: try connections.client(for: settings.name, at: endpoint, settings.connection),
                limiter: limiter,
                descriptors: connections.descriptors,
                clock: clock,
                logger: logger
            )
        case .scripted(let script):
            try ScriptedModel(
                name: settings.name,
                scriptPath: BoundedFile.resolve(script, in: baseDirectory),
                parameters: settings.parameters,
                price: settings.price,
                limits: settings.limits,
                limiter: limiter,
                clock: clock
            )
        }
    }
}
