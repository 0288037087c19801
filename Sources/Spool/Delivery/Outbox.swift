import Documents
package import Jobs
import SystemPackage

/// A directory outside of the spool that gets a file for each end of a job.
///
/// A file is written under a hidden name in the directory itself, which may lie on any filesystem, and synced. It gets its
/// name by a hard link, which never replaces a file. The hidden name stays until ``tidy(_:)``, after the record: by it a
/// node that died in between finds that the file is there already. Where there are no hard links, a rename gives the
/// name; where a rename cannot refuse to replace a file, only a name with the job's id is used, which no other writer has.
package struct Outbox: Sendable {
    private let settings: DeliverySettings.Folder
    private let fileSystem: any FileSystem

    /// Names that are tried before it is given up.
    private static let namesMax = 1_000

    package init(_ settings: DeliverySettings.Folder, fileSystem: any FileSystem) {
        (self.settings, self.fileSystem) = (settings, fileSystem)
    }

    private static func hiddenName(_ id: JobID) -> String { ".agentspool-\(id).tmp" }

    /// Puts a file into the directory; blocking. It is whole, synced and under its name when this returns.
    ///
    /// - Parameter name: The wanted name; where it is taken, the job's id comes before it.
    /// - Returns: Absolute path of the file.
    /// - Throws: `Failure`, temporary: what is wrong, and what an operator can do.
    package func put(_ bytes: [UInt8], as name: String, of id: JobID) throws(Failure) -> String {
        let group = try groupID()
        do throws(Errno) {
            let directory = try openDirectory()
            if let known = try nameOfEarlierAttempt(name, id, in: directory) { return "\(settings.directory)/\(known)" }
            try write(bytes, as: Self.hiddenName(id), group: group, in: directory)
            let placed = try place(name, id, in: directory)
            try Durability.syncNow(directory, fileSystem)
            return "\(settings.directory)/\(placed)"
        } catch {
            throw failure(error)
        }
    }

    /// Removes the hidden name of a file that is recorded as delivered, or given up; blocking.
    package func tidy(_ id: JobID) throws(Failure) {
        do throws(Errno) {
            try fileSystem.removeIfPresent(Self.hiddenName(id), in: openDirectory(isToBeMade: false))
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: Errno) -> Failure {
        let hint: String? =
            switch error {
            case .noSuchFileOrDirectory:
                "make the directory, or mount it; only one below the configuration's directory is made by itself"
            case .permissionDenied, .notPermitted:
                "the daemon's user must be able to write there, and be a member of the group: see ls -ld"
            case .noSpace, .diskQuotaExceeded: "make room; see df -h and df -i"
            case .readOnlyFileSystem: "it is mounted read-only; see the kernel's log for why"
            default: nil
            }
        return Failure(.temporary, "writing into \(settings.directory) failed: \(error)", hint: hint)
    }

    private func groupID() throws(Failure) -> UInt32? {
        guard let group = settings.group else { return nil }
        if let id = UserNames.groupID(named: group) { return id }
        throw Failure(.temporary, "there is no group \(group)", hint: "make it, or name another in \"deliver\"")
    }

    // MARK: The directory

    private func openDirectory(isToBeMade: Bool = true) throws(Errno) -> OpenFile {
        do throws(Errno) {
            return try fileSystem.open(settings.directory, in: nil, .directory)
        } catch .noSuchFileOrDirectory {
            guard isToBeMade, let base = settings.base, settings.directory.hasPrefix(base + "/") else {
                throw .noSuchFileOrDirectory
            }
            var directory = try fileSystem.open(base, in: nil, .directory)
            for part in settings.directory.dropFirst(base.count).split(separator: "/") {
                if try fileSystem.ensureDirectory(String(part), in: directory, mode: 0o755) {
                    try Durability.syncNow(directory, fileSystem)
                }
                directory = try fileSystem.open(String(part), in: directory, .directory)
            }
            return directory
        }
    }

    // MARK: The file

    private func names(_ name: String, _ id: JobID) -> some Sequence<String> {
        (0..<Self.namesMax).lazy.map { $0 == 0 ? name : DeliveryName.name(name, after: id, number: $0) }
    }

    /// The name under which an earlier attempt put the file before it could be recorded.
    private func nameOfEarlierAttempt(_ name: String, _ id: JobID, in directory: OpenFile) throws(Errno) -> String? {
        let hidden: FileStatus
        do throws(Errno) {
            hidden = try fileSystem.status(of: Self.hiddenName(id), in: directory)
        } catch .noSuchFileOrDirectory {
            return nil
        }
        if hidden.kind == .regular, hidden.links > 1 {
            for name in names(name, id) where try isThere(hidden, as: name, in: directory) {
                try Durability.syncNow(directory, fileSystem)
                return name
            }
        }
        try fileSystem.unlink(Self.hiddenName(id), in: directory)
        return nil
    }

    private func isThere(_ file: FileStatus, as name: String, in directory: OpenFile) throws(Errno) -> Bool {
        do throws(Errno) {
            return try fileSystem.status(of: name, in: directory).isSameFile(as: file)
        } catch .noSuchFileOrDirectory {
            return false
        }
    }

    private func write(_ bytes: [UInt8], as name: String, group: UInt32?, in directory: OpenFile) throws(Errno) {
        do throws(Errno) {
            let file = try fileSystem.open(name, in: directory, .create, mode: 0o600)
            try fileSystem.writeAll(bytes, to: file)
            if let group { try fileSystem.setGroup(of: file, to: group) }
            // After the group: a change of the owner takes permissions away.
            try fileSystem.setMode(of: file, to: settings.mode)
            try Durability.syncNow(file, fileSystem)
        } catch {
            // What was not synced is never used, and takes no room on a full disk.
            try? fileSystem.removeIfPresent(name, in: directory)
            throw error
        }
    }

    private func place(_ name: String, _ id: JobID, in directory: OpenFile) throws(Errno) -> String {
        let hidden = try fileSystem.status(of: Self.hiddenName(id), in: directory)
        for (number, name) in names(name, id).enumerated() {
            do throws(Errno) {
                try give(name, hasID: number > 0, to: Self.hiddenName(id), in: directory)
                return name
            } catch .fileExists {
                // The answer to a link that took place may have been lost.
                if try isThere(hidden, as: name, in: directory) { return name }
            }
        }
        throw .fileExists
    }

    /// - Throws: `EEXIST` when the name is taken; the error of a syscall.
    private func give(_ name: String, hasID: Bool, to hidden: String, in directory: OpenFile) throws(Errno) {
        do throws(Errno) {
            return try fileSystem.link(hidden, to: name, in: directory)
        } catch {
            guard Self.isUnsupported(error) else { throw error }
        }
        do throws(Errno) {
            return try fileSystem.renameToFreeName(hidden, to: name, in: directory)
        } catch {
            guard Self.isUnsupported(error) else { throw error }
        }
        if !hasID { throw .fileExists }
        if try fileSystem.exists(name, in: directory) { throw .fileExists }
        try fileSystem.rename(hidden, in: directory, to: name, in: directory)
    }

    /// What link(2) and renameat2(2) say on a filesystem that cannot do it.
    private static func isUnsupported(_ error: Errno) -> Bool {
        [.notPermitted, .notSupported, .notSupportedOnSocket, .noFunction, .invalidArgument, .tooManyLinks]
            .contains(error)
    }
}
