package import AsyncHTTPClient
package import Jobs

/// Makes models from their settings.
package enum ModelFactory {
    /// The model that `settings` describe, without its fallback: ``FallbackModel`` puts the two together.
    ///
    /// - Parameters:
    ///   - http: Shared by all models; made with ``ModelConnections/configuration``. It must outlive the model.
    ///   - environment: The daemon's, in which keys are looked up.
    ///   - baseDirectory: The configuration's directory; relative paths of scripts and key files count from there.
    ///   - clock: For time-outs, pauses, limits per minute and a script's delays.
    /// - Throws: ``DocumentError`` about a script.
    package static func make(
        _ settings: ModelSettings,
        http: HTTPClient,
        environment: [String: String],
        baseDirectory: String,
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(DocumentError) -> any LanedModel {
        switch settings.provider {
        case .http(let dialect, let endpoint, let model):
            ProviderModel(
                settings,
                dialect: dialect,
                endpoint: endpoint,
                model: model,
                key: settings.apiKey.map { APIKey($0, environment: environment, baseDirectory: baseDirectory) },
                http: http,
                clock: clock
            )
        case .scripted(let script):
            try ScriptedModel(
                name: settings.name,
                scriptPath: BoundedFile.resolve(script, in: baseDirectory),
                parameters: settings.parameters,
                price: settings.price,
                limits: settings.limits,
                clock: clock
            )
        }
    }
}
