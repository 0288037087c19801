import Documents

/// A model at a server that speaks the API of a provider.
struct HTTPSource: ModelSource {
    let provider: any HTTPProvider
    /// The server, which ``endpoint`` returns.
    let server: Endpoint
    /// The model's name at the server, which ``model`` returns.
    let modelName: String

    var endpoint: Endpoint? { server }
    var model: String? { modelName }

    var members: [(String, JSON?)] {
        [("provider", .string(provider.name)), ("base_url", .string(server.text)), ("model", .string(modelName))]
    }

    func file(_ connection: ConnectionSettings) -> (path: String, bytesMax: Int)? {
        connection.authorities.map { ($0, ModelConnections.authoritiesBytesMax) }
    }

    func makeModel(
        _ settings: ModelSettings,
        _ limiter: ModelLimiter?,
        _ factory: ModelFactory
    ) throws(DocumentError) -> any LimitedModel {
        let (environment, directory) = (factory.environment, factory.baseDirectory)
        return ProviderModel(
            settings,
            self,
            key: settings.apiKey.map { APIKey($0, environment: environment, baseDirectory: directory) },
            headers: settings.connection.headers.map { name, value in
                ConfiguredHeader(name, value, environment: environment, baseDirectory: directory)
            },
            http: try factory.connections.client(for: settings.name, at: server, settings.connection),
            limiter: limiter,
            descriptors: factory.connections.descriptors,
            clock: factory.clock,
            logger: factory.logger
        )
    }
}
