import Documents
package import SystemPackage

/// What went wrong on the spool, where, and what the operator can do.
package struct SpoolError: Error, CustomStringConvertible {
    /// What was being done, such as `appending to the history of 01K…-report.json`.
    package var action: String
    package var cause: Errno
    package var advice: String?

    package init(_ action: String, _ cause: Errno, advice: String? = nil) {
        self.action = action
        self.cause = cause
        self.advice = advice ?? Self.advice(for: cause)
    }

    /// Whether a retry may work once other users of descriptors or memory have released them.
    package var isTransient: Bool {
        [.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory].contains(cause)
    }

    package var description: String {
        "\(action) failed: \(cause)\(advice.map { ". \($0)" } ?? "")"
    }

    private static func advice(for cause: Errno) -> String? {
        switch cause {
        case .noSpace: "The filesystem has no space or no inodes left (df -h, df -i); drops stay safe in the inbox"
        case .diskQuotaExceeded: "The quota of the daemon's user is used up"
        case .readOnlyFileSystem: "The filesystem is mounted read-only; see the kernel's log for why"
        case .permissionDenied, .notPermitted: "This user may not do that here; see ls -ld, and lsattr"
        case .improperLink: "An inbox must lie on the spool's own filesystem"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "Raise the limit of open files (LimitNOFILE= in the unit)"
        case .isDirectory, .notSupported, .tooManySymbolicLinkLevels:
            "Something else lies there than the daemon makes; see what with ls -l"
        case .fileTooLarge: "No such file has this size; see what it is with ls -ls"
        case .ioError: "The disk reported an error; see the kernel's log"
        default: nil
        }
    }
}

/// A flush failed. The kernel may have dropped the data, so it is never tried again (fsyncgate): the node stops, and a
/// restart reads what is really there.
package struct SyncFailure: Error, CustomStringConvertible {
    package var cause: Errno

    package var description: String {
        "syncing the spool to disk failed: \(cause). Nothing that was not yet synced was acknowledged; "
            + "the node stops, and a restart goes on from what is really on the disk"
    }
}

/// Runs `body`; a failed syscall becomes a ``SpoolError`` that says what was being done.
func doing<Value>(_ action: @autoclosure () -> String, _ body: () throws(Errno) -> Value) throws(SpoolError) -> Value {
    do { return try body() } catch { throw SpoolError(action(), error) }
}
