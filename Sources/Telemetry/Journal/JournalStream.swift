import Documents
import Glibc

/// Whether a descriptor leads to the journal, by `$JOURNAL_STREAM` (systemd.exec(5)).
package enum JournalStream {
    package static let variable = "JOURNAL_STREAM"

    /// Whether `$JOURNAL_STREAM`, `device:inode` in decimal, names what `descriptor` is open on.
    ///
    /// A program that inherits the variable but whose stderr was redirected is not on the journal.
    package static func isConnected(environment: [String: String], descriptor: Int32 = 2) -> Bool {
        guard let value = environment[variable] else { return false }
        let numbers = value.split(separator: ":", omittingEmptySubsequences: false)
        var status = stat()
        guard numbers.count == 2, let device = UInt64(numbers[0]), let inode = UInt64(numbers[1]),
            fstat(descriptor, &status) == 0
        else { return false }
        return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}
