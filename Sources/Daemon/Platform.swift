package import Documents
import Jobs
package import NIOCore
package import Spool
package import Threads
import Tools

/// What the program uses of the machine, passed in so that a test can replace it.
package struct Platform: Sendable {
    package var fileSystem: any FileSystem
    package var wallClock: WallClock
    /// Monotonic, for waits and timeouts.
    package var clock: any Clock<Duration>
    package var random: @Sendable () -> UInt64
    /// The threads on which syscalls block.
    package var disk: WorkerThreads
    package var network: any EventLoopGroup
    /// How many descriptors the process may have.
    package var descriptorsMax: Int

    package init(
        fileSystem: any FileSystem,
        wallClock: WallClock,
        clock: any Clock<Duration>,
        random: @escaping @Sendable () -> UInt64,
        disk: WorkerThreads,
        network: any EventLoopGroup,
        descriptorsMax: Int = 1_024
    ) {
        (self.fileSystem, self.wallClock, self.clock, self.random) = (fileSystem, wallClock, clock, random)
        (self.disk, self.network, self.descriptorsMax) = (disk, network, descriptorsMax)
    }

    /// The real machine.
    package static var linux: Platform {
        let random = KernelRandom()
        return Platform(
            fileSystem: LinuxFileSystem(),
            wallClock: .system,
            clock: ContinuousClock(),
            random: { random.next() },
            disk: ProcessThreads.disk,
            network: ProcessThreads.network,
            descriptorsMax: DescriptorLimit.raise()
        )
    }
}
