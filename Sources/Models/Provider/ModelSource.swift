package import Documents

/// Where a model's answers come from, with the settings that only its provider has.
package protocol ModelSource: Sendable {
    /// These settings as in the configuration: the provider's name, and what tells one source of it from another.
    var members: [(String, JSON?)] { get }
    /// The server; nil when the answers come from no server: such a model needs no key and no connection.
    var endpoint: Endpoint? { get }
    /// The model's name at its server; nil without a server.
    var model: String? { get }

    /// The file that the settings name, as configured, and the most of its bytes that are read; nil when they name
    /// none.
    ///
    /// A model is made again when this file has changed.
    func file(_ connection: ConnectionSettings) -> (path: String, bytesMax: Int)?

    /// Makes the model, without its fallback.
    ///
    /// - Parameter limiter: The limiter of a model with the same ``ModelSettings/limiterKey``; nil for a new one.
    /// - Throws: ``DocumentError`` about a file that the settings name, or a proxy of the environment.
    func makeModel(
        _ settings: ModelSettings,
        _ limiter: ModelLimiter?,
        _ factory: ModelFactory
    ) throws(DocumentError) -> any LimitedModel
}
