import CLinux
import Dispatch
import Glibc

/// SIGHUP, which asks a daemon to read its configuration again.
///
/// It also comes when the daemon's terminal closes. Then the daemon stops, as every other program there does; the next
/// start continues its jobs. A daemon that must outlive its terminal is started with nohup(1), setsid(1), or by
/// systemd.
///
/// It has a thread of its own, because a signal source of Dispatch starts Dispatch's thread pool, which wakes the
/// process once a second to count its threads.
package final class HangupSignal: Sendable {
    /// An element for each signal; signals that come while an element waits add none.
    package let hangups: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let counter: Int32
    /// Whether the process stops when its terminal closes.
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

    /// Whether the process has a terminal; the kernel detaches a closed one before it sends the signal (tty(4)).
    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }
        return terminal >= 0
    }
}
