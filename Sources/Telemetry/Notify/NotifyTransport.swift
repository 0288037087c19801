import CSystemd
import Documents
import Glibc

/// Sends messages to the service manager; tests have one that keeps them.
package protocol NotifyTransport: Sendable {
    /// Sends one datagram of `KEY=value` lines.
    func send(_ message: String) throws(NotifyError) -> NotifyResult

    /// The time within which a ping has to come, or nil when the service manager does not watch this process.
    var watchdogTimeout: Duration? { get }
}

/// The result of sending a message to the service manager.
package enum NotifyResult: Sendable {
    case sent
    /// There is no service manager that listens: `$NOTIFY_SOCKET` is not set.
    case noListener
}

/// A message to the service manager could not be sent.
package struct NotifyError: Error, Equatable, CustomStringConvertible {
    /// As in errno(3).
    package var code: Int32

    package init(code: Int32) { self.code = code }

    package var description: String {
        "systemd was not told, because $NOTIFY_SOCKET failed: \(String(cString: strerror(code)))"
    }
}

/// sd_notify(3) and sd_watchdog_enabled(3), which read `$NOTIFY_SOCKET`, `$WATCHDOG_USEC` and `$WATCHDOG_PID`.
///
/// The variables stay set. Code that starts a child gives it an environment without them.
package struct SystemdNotifyTransport: NotifyTransport {
    package init() {}

    package func send(_ message: String) throws(NotifyError) -> NotifyResult {
        let result = sd_notify(0, message)
        if result < 0 { throw NotifyError(code: -result) }
        return result == 0 ? .noListener : .sent
    }

    package var watchdogTimeout: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }
}
