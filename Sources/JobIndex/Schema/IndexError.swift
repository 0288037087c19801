import Documents
import GRDB

/// Why the index cannot be used, and what the operator can do about it.
package enum IndexError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no file at this path.
    case missing(path: String)
    /// The directory that the file should lie in does not exist.
    case directoryMissing(path: String)
    /// The file is damaged, or of a version that this program does not read.
    case unusable(path: String, reason: String)
    /// The file is a database of another program and is left alone.
    case foreign(path: String)
    /// The file cannot be opened, read or written at the moment: permissions, a full disk, another writer.
    case inaccessible(path: String, reason: String)
    /// This connection can only read: the filesystem is read-only, or gave an error when the file was opened.
    case readOnly(path: String)

    /// It holds the jobs of another spool, or of the spool that this one is a copy of.
    case otherSpool(path: String, owner: IndexOwner, spool: IndexOwner)
    /// It would lie on a filesystem that other hosts may share.
    case shared(path: String)

    package var description: String {
        switch self {
        case .missing(let path):
            "there is no index at \(path): run `agentspool reindex`"
        case .directoryMissing(let path):
            "the directory of the index \(path) does not exist: make it, or name another place for the index"
        case .unusable(let path, let reason):
            "the index \(path) is unusable (\(reason)): run `agentspool reindex`"
        case .foreign(let path):
            "\(path) is the database of another program: name another place for the index"
        case .inaccessible(let path, let reason):
            "the index \(path) cannot be used now: \(reason)"
        case .otherSpool(let path, let owner, let spool) where owner.id == spool.id:
            "the index \(path) belongs to the spool \(owner.path), of which \(spool.path) is a copy with the same id: "
                + "name another index for the copy and remove its spool.id"
        case .otherSpool(let path, let owner, let spool):
            "the index \(path) belongs to the spool \(owner.path) (\(owner.id)), not to \(spool.path) (\(spool.id)): "
                + "name an index of its own for each spool"
        case .shared(let path):
            "the index \(path) would lie on a filesystem that other hosts may share, where SQLite's files are damaged: "
                + "name a place on a local disk, or leave index out"
        case .readOnly(let path):
            "the index \(path) cannot be written now: its filesystem is read-only, or gave an error when it was opened"
        }
    }

    /// Whether the configuration is the cause.
    package var isOfConfiguration: Bool {
        switch self {
        case .otherSpool, .shared: true
        default: false
        }
    }

    /// Whether the file cannot be used at all, and may be set aside.
    var isUnusable: Bool { if case .unusable = self { true } else { false } }

    /// Turns an error of SQLite into one about the file at `path`; nil when it is about a statement, not the file.
    init?(_ error: any Error, path: String) {
        if let error = error as? IndexError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else { return nil }
        let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .unusable(path: path, reason: reason)
        // A file that ends within a page was cut short: a retry would read the same.
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHORT_READ:
            self = .unusable(path: path, reason: "the file was cut short")
        case .SQLITE_READONLY: self = .readOnly(path: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH,
            .SQLITE_NOMEM, .SQLITE_PROTOCOL, .SQLITE_INTERRUPT, .SQLITE_ABORT, .SQLITE_MISUSE:
            self = .inaccessible(path: path, reason: reason)
        default: return nil
        }
    }
}
