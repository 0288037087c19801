import Documents
import Glibc
package import Logging

/// Reports the daemon's state to systemd by sd_notify(3); does nothing where no service manager listens.
///
/// A message that cannot be sent is logged and otherwise ignored: the daemon continues, and systemd's own timeouts
/// apply. Each call is one short datagram and does not wait for an answer.
package struct ServiceNotifier: Sendable {
    /// The longest status text, in bytes of UTF-8; it is one line of `systemctl status`.
    package static let maximumStatusLength = 512

    /// The most time to ask for at once: a day. A caller that needs more asks again.
    package static let maximumExtension = Duration.seconds(86_400)

    private let transport: any NotifyTransport
    private let logger: Logger
    private let monotonicMicroseconds: @Sendable () -> UInt64

    /// - Parameter monotonicMicroseconds: `CLOCK_MONOTONIC`, by which systemd orders a reload.
    package init(
        transport: any NotifyTransport = SystemdNotifyTransport(),
        logger: Logger,
        monotonicMicroseconds: @escaping @Sendable () -> UInt64 = ServiceNotifier.readMonotonicClock
    ) {
        self.transport = transport
        self.logger = logger
        self.monotonicMicroseconds = monotonicMicroseconds
    }

    /// The daemon is ready: after start and recovery, and again at the end of a reload.
    package func ready(_ status: String) { send("READY=1", status: status) }

    /// One line about the daemon's work, for `systemctl status`: `3 running, 120 waiting, 2 failed`.
    package func status(_ text: String) { send(status: text) }

    /// The daemon begins to stop; the first message after SIGTERM.
    package func stopping(_ status: String? = nil) { send("STOPPING=1", status: status) }

    /// A reload begins; the first message after SIGHUP. ``ready(_:)`` ends it.
    package func reloading(_ status: String? = nil) {
        // Managers before 253 ignore the time; later ones need it in the same message.
        send("RELOADING=1", "MONOTONIC_USEC=\(monotonicMicroseconds())", status: status)
    }

    /// Asks for more time while starting, reloading or stopping: the next message will come within `time`.
    package func extendTimeout(by time: Duration) {
        let (seconds, attoseconds) = min(max(time, .zero), Self.maximumExtension).components
        send("EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)")
    }

    /// Keep-alive. The loop that proves the daemon's health sends it, not a timer that always runs.
    package func ping() { send("WATCHDOG=1") }

    /// The time after which systemd takes a silent daemon for hung (`WatchdogSec=`), or nil when it does not watch.
    ///
    /// Call ``ping()`` every half of it.
    package var watchdogTimeout: Duration? { transport.watchdogTimeout }

    /// The time of `CLOCK_MONOTONIC` in microseconds, clock_gettime(2).
    package static let readMonotonicClock: @Sendable () -> UInt64 = {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
    }

    private func send(_ assignments: String..., status: String? = nil) {
        let lines = assignments + (status.map { ["STATUS=\(Self.oneLine($0))"] } ?? [])
        do {
            _ = try transport.send(lines.joined(separator: "\n"))
        } catch {
            logger.warning("\(error)", metadata: ["message": .string(lines.joined(separator: " "))])
        }
    }

    /// A line feed would begin another assignment, so that a job's name could say `MAINPID=1`.
    private static func oneLine(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(scalars)).cut(toBytes: maximumStatusLength)
    }
}
