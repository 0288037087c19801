package import JobIndex
package import Logging
package import Spool

/// What a running daemon gives to its faces.
package struct DaemonContext: Sendable {
    /// The configuration in force, and how many reloads came before it: a file that it names may have changed with one.
    package struct InForce: Sendable {
        package let configuration: SpoolConfiguration
        package let generation: Int
    }

    package let spool: SpoolRoot
    package let node: SpoolNode
    package let configurationPath: String
    package let inForce: @Sendable () -> InForce
    /// The index; nil while it is made anew.
    package let index: @Sendable () -> IndexDatabase?
    /// Whether the daemon has recovered what earlier runs left, and takes drops.
    package let isReady: @Sendable () -> Bool
    package let environment: [String: String]
    package let platform: Platform
    package let logger: Logger
}
