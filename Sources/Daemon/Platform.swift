package import Jobs
package import Spool

/// What the program takes from the machine, passed in so that a test can give its own.
package struct Platform: Sendable {
    package var fileSystem: any FileSystem
    package var wallClock: WallClock
    /// Monotonic, for waits and time-outs.
    package var clock: any Clock<Duration>
    package var random: @Sendable () -> UInt64

    package init(
        fileSystem: any FileSystem,
        wallClock: WallClock,
        clock: any Clock<Duration>,
        random: @escaping @Sendable () -> UInt64
    ) {
        (self.fileSystem, self.wallClock, self.clock, self.random) = (fileSystem, wallClock, clock, random)
    }

    /// The real machine.
    package static var linux: Platform {
        Platform(
            fileSystem: LinuxFileSystem(),
            wallClock: .system,
            clock: ContinuousClock(),
            random: { UInt64.random(in: .min ... .max) }
        )
    }
}
