package import Documents
package import Engine
package import ServiceLifecycle

/// A face of the spool that lives inside the daemon: people and programs reach the spool through it, as through the API.
package protocol DaemonFace: Sendable {
    /// Gets every event of every job.
    var observer: any JobObserver { get }

    /// Checks what the face needs of a configuration, before that is in force.
    ///
    /// - Throws: `DocumentError` with the member that is wrong.
    func check(_ configuration: SpoolConfiguration, environment: [String: String]) throws(DocumentError)

    /// The service that runs beside the engine; it ends when the group shuts down gracefully.
    func makeService(_ context: DaemonContext) -> any Service
}
