package import Logging

/// swift-log's handler for one logger: a value, as swift-log asks, in front of the shared pipeline.
package struct AgentSpoolLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]

    private let label: String
    private let pipeline: LogPipeline
    private var ownLevel: Logger.Level?

    init(label: String, pipeline: LogPipeline) {
        self.label = label
        self.pipeline = pipeline
    }

    /// The pipeline's level until this logger is given one of its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? pipeline.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) { pipeline.log(event, label: label, metadata: metadata) }
}
