import Daemon
package import Documents
package import JobIndex
import Jobs
package import Spool

/// A spool as its users see it: where its parts lie, and the clocks and ids that the use cases need.
///
/// It is the same for every surface: the command line makes one from its options, and a server makes one at its start.
package struct SpoolClient: Sendable {
    package let spool: SpoolRoot
    package let configurationPath: String
    let wallClock: WallClock
    let clock: any Clock<Duration>
    let identifiers: JobIDGenerator
    /// The API's socket, in the place of that of the configuration.
    let socketOverride: String?
    /// The daemon's own index, when this is inside the daemon; its value is nil while the index is made anew.
    let sharedIndex: (@Sendable () -> IndexDatabase?)?

    /// - Parameters:
    ///   - configurationPath: It says where the index is, and what the queues take.
    ///   - wallClock: For times in reports and ids.
    ///   - clock: For pauses, and for how long an answer is waited for.
    ///   - random: For ids of jobs and requests.
    ///   - socket: The API's socket, in the place of that of the configuration.
    ///   - sharedIndex: The daemon's own index, which is then used in the place of connections of its own.
    package init(
        spool: SpoolRoot,
        configurationPath: String,
        wallClock: WallClock,
        clock: any Clock<Duration>,
        random: @escaping @Sendable () -> UInt64,
        socket: String? = nil,
        sharedIndex: (@Sendable () -> IndexDatabase?)? = nil
    ) {
        (self.sharedIndex, socketOverride) = (sharedIndex, socket)
        (self.spool, self.configurationPath, self.wallClock, self.clock) = (spool, configurationPath, wallClock, clock)
        identifiers = JobIDGenerator(clock: wallClock, random: random)
    }

    /// Where the index is now: a reload may change the configuration while a server runs.
    package var indexPath: String { ConfigurationFile.indexPath(configuration: configurationPath, spool: spool.path) }

    /// Whether a daemon runs on the spool.
    ///
    /// - Throws: `SpoolError` when `nodes/` cannot be read.
    package var hasDaemon: Bool { get throws(SpoolError) { try NodeLock.nodes(of: spool).contains(where: \.isAlive) } }
}
