import Daemon
import Documents
package import Spool

/// Where the daemon's API answers.
package enum APIAddress {
    /// The variable of the environment that names another socket.
    package static let variable = "AGENTSPOOL_API"
    /// Where a package of a system puts the socket when no spool has one.
    private static let system = "/run/agentspool/api.sock"

    /// The path of the socket: `override`, else that of the configuration where it can be read, else `run/api.sock` of
    /// the spool, else the system's.
    ///
    /// - Throws: ``ClientError`` (unavailable) when the configuration says that there is none.
    package static func socket(
        of spool: SpoolRoot,
        configuration path: String,
        override: String?
    ) throws(ClientError) -> String {
        if let override, !override.isEmpty { return override }
        if let configuration = try? ConfigurationFile.load(path) {
            guard let socket = configuration.api.socket else {
                throw ClientError(
                    "the job directories of \(spool.path) cannot be read by this user, and api.socket in \(path) is off; "
                        + "ask the administrator, or run this as the daemon's user",
                    .unavailable
                )
            }
            return socket.hasPrefix("/") ? socket : "\(spool.path)/\(socket)"
        }
        let standard = APISettings.standardSocket
        let isThere = (try? spool.fileSystem.exists(standard, in: spool.root)) ?? false
        let isSystems = (try? spool.fileSystem.exists(system, in: spool.root)) ?? false
        return isThere || !isSystems ? "\(spool.path)/\(standard)" : system
    }
}
