import CSystemd
import Documents
import Glibc
import Logging

/// systemd's journal, by its native protocol, so that every field can be searched for.
///
/// sd_journal_sendv(3) chooses the form on the wire: a datagram, or a sealed memfd when the entry is large. It returns
/// success even without journald, so this checks for the socket first. Entries that the journal does not take go to the
/// text destination.
package struct JournalDestination: LogDestination {
    /// Where journald listens (systemd's JOURNAL_NATIVE_PROTOCOL).
    package static let socketPath = "/run/systemd/journal/socket"

    private let identifier: String
    private let fallback: TextDestination

    /// - Parameter identifier: `SYSLOG_IDENTIFIER`, what `journalctl -t` selects.
    package init(identifier: String = "agentspool", fallback: TextDestination = TextDestination()) {
        self.identifier = identifier
        self.fallback = fallback
    }

    /// Whether there is a socket to send to; a socket whose journald died still counts.
    package static var isPresent: Bool {
        var status = stat()
        return stat(socketPath, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    package func write(_ entry: LogEntry) -> Bool {
        if Self.isPresent, send(JournalRecord(entry, identifier: identifier)) { return true }
        return fallback.write(entry)
    }

    private func send(_ record: JournalRecord) -> Bool {
        var bytes = record.bytes
        return bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return false }
            var start = 0
            let vectors = record.ends.map { end in
                defer { start = end }
                return iovec(iov_base: base + start, iov_len: end - start)
            }
            return sd_journal_sendv(vectors, Int32(vectors.count)) == 0
        }
    }
}
