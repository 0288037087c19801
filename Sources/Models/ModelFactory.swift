package import Documents
package import Logging

/// Makes models from their settings; it holds what all models of a daemon share.
package struct ModelFactory: Sendable {
    let connections: ModelConnections
    let environment: [String: String]
    let baseDirectory: String
    let clock: any Clock<Duration>
    let logger: Logger

    /// - Parameters:
    ///   - connections: Shared by all models. They must outlive the models.
    ///   - environment: The daemon's environment, in which keys are looked up.
    ///   - baseDirectory: The configuration's directory, which relative paths of scripts and key files start from.
    ///   - clock: Measures timeouts, pauses, limits per minute and a script's delays.
    ///   - logger: Gets a notice for each parameter that a server refuses.
    package init(
        connections: ModelConnections,
        environment: [String: String],
        baseDirectory: String,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "agentspool.models")
    ) {
        (self.connections, self.environment, self.baseDirectory) = (connections, environment, baseDirectory)
        (self.clock, self.logger) = (clock, logger)
    }

    /// Makes the model that `settings` describe, without its fallback, which ``FallbackModel`` adds.
    ///
    /// - Parameter limiter: The limiter of a model with the same ``ModelSettings/limiterKey``; nil for a new one.
    /// - Throws: ``DocumentError`` about a script, a file of authorities, or a proxy of the environment.
    package func make(
        _ settings: ModelSettings,
        limiter: ModelLimiter? = nil
    ) throws(DocumentError) -> any LimitedModel {
        try settings.source.makeModel(settings, limiter, self)
    }
}
