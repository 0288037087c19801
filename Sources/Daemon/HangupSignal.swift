import CLinux
import Dispatch
import Glibc

/// SIGHUP, which asks a daemon to read its configuration again.
///
/// It also comes when the terminal closes that a daemon was started in. Such a daemon stops, as every other program
/// there does; the next start goes on with its jobs. One that is to outlive its terminal is started with nohup(1),
/// setsid(1), or by systemd.
///
/// A thread of its own, because Dispatch's sources of signals start the pool whose threads are counted once a second.
package final class HangupSignal: Sendable {
    /// An element for each time that it came; those that come while one waits are one.
    package let hangups: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let counter: Int32
    /// Whether the process has a terminal that takes it along when it closes.
    private let endsWithTerminal: Bool

    /// Catches the signal from now on, for as long as the process lives.
    package init() {
        (hangups, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        counter = eventfd(0, Int32(EFD_CLOEXEC))
        let wasIgnored = clinux_count_hangups(counter) == 1
        endsWithTerminal = !wasIgnored && Self.hasTerminal
        DispatchQueue(label: "agentspool.hangup").async { self.run() }
    }

    private func run() {
        clinux_set_thread_name("hangup")
        var count: UInt64 = 0
        while true {
            guard read(counter, &count, 8) == 8 else {
                if errno == EINTR { continue }
                return
            }
            if endsWithTerminal, !Self.hasTerminal {
                kill(getpid(), SIGTERM)
            } else {
                continuation.yield()
            }
        }
    }

    /// The kernel takes a terminal that closed from its processes before it tells them (tty(4)).
    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }
        return terminal >= 0
    }
}
