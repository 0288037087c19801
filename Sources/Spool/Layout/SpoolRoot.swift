import Documents
import Jobs
import Synchronization
package import SystemPackage

/// An existing spool: its root, and a bounded number of open directories in it.
package final class SpoolRoot: Sendable {
    /// The most directories kept open; bounded, because day directories come and go.
    private static let openDirectoriesMax = 64

    package let path: String
    package let root: OpenFile
    package let fileSystem: any FileSystem
    private let directories = Mutex<[String: OpenDirectory]>([:])

    private struct OpenDirectory {
        var file: OpenFile
        var device: UInt64
        var inode: UInt64
        var isLocal: Bool
    }

    /// Opens the spool at `path`.
    ///
    /// - Throws: ``SpoolError`` when there is no spool, or a part of it is missing.
    package init(path: String, fileSystem: any FileSystem) throws(SpoolError) {
        self.path = path
        self.fileSystem = fileSystem
        do throws(Errno) {
            root = try fileSystem.open(path, in: nil, .directory)
        } catch .noSuchFileOrDirectory {
            throw SpoolError(
                "opening the spool \(path)",
                .noSuchFileOrDirectory,
                advice: "Make one with: agentspool init \(path)"
            )
        } catch {
            throw SpoolError("opening the spool \(path)", error)
        }
        // The inboxes make it a spool: the administrator makes them for submitters, the daemon makes the rest.
        let isSpool = try doing("looking for \(path)/\(SpoolLayout.inbox)") { () throws(Errno) in
            try fileSystem.exists(SpoolLayout.inbox, in: root)
        }
        if !isSpool {
            throw SpoolError(
                "opening the spool \(path)",
                .noSuchFileOrDirectory,
                advice: "It has no \(SpoolLayout.inbox)/ and is no spool; make one with: agentspool init \(path)"
            )
        }
    }

    /// Makes the missing parts of a spool at `path`, and leaves the existing ones as they are.
    package static func create(path: String, queues: [String], fileSystem: any FileSystem) throws(SpoolError) {
        do throws(Errno) {
            try fileSystem.ensureDirectory(path, in: fileSystem.open(".", in: nil, .directory), mode: 0o755)
            let root = try fileSystem.open(path, in: nil, .directory)
            for (name, mode) in SpoolLayout.directories { try fileSystem.ensureDirectory(name, in: root, mode: mode) }
            for queue in queues {
                try fileSystem.ensureDirectory(SpoolLayout.inbox(of: queue), in: root, mode: 0o755)
            }
        } catch {
            throw SpoolError("making the spool \(path)", error)
        }
    }

    /// The open directory `name`, relative to the root.
    ///
    /// An inbox or a day may be removed or moved and made again while it is kept open; then it is opened again.
    package func directory(_ name: String) throws(Errno) -> OpenFile { try openDirectory(name).file }

    /// Stops keeping the directory `name` open; its current users keep it open for as long as they need it.
    package func letGo(of name: String) { directories.withLock { $0[name] = nil } }

    /// Whether a directory, relative to the root, lies on a filesystem of this machine alone.
    func isLocalDirectory(_ name: String) throws(Errno) -> Bool { try openDirectory(name).isLocal }

    /// The open directory, and whether it lies on a filesystem of this machine alone.
    func directoryAndKind(_ name: String) throws(Errno) -> (file: OpenFile, isLocal: Bool) {
        let open = try openDirectory(name)
        return (open.file, open.isLocal)
    }

    private func openDirectory(_ name: String) throws(Errno) -> OpenDirectory {
        let found = try fileSystem.status(of: name, in: root)
        if let open = directories.withLock({ $0[name] }), open.device == found.device, open.inode == found.inode {
            return open
        }
        let file = try fileSystem.open(name, in: root, .directory)
        let status = try fileSystem.status(of: file)
        let opened = OpenDirectory(
            file: file,
            device: status.device,
            inode: status.inode,
            isLocal: fileSystem.isLocal(file)
        )
        directories.withLock { open in
            if open.count >= Self.openDirectoriesMax { open = [:] }
            open[name] = opened
        }
        return opened
    }

    /// Makes `control/` when it is missing.
    ///
    /// - Returns: Whether it was missing.
    package func ensureControl() throws(SpoolError) -> Bool {
        try doing("making \(SpoolLayout.control)/") { () throws(Errno) in
            try !ensuredDirectory(SpoolLayout.control).changed.isEmpty
        }
    }

    /// Opens the directory `name`; makes it and the directories that lead to it when another process has removed them.
    ///
    /// - Returns: The directory, and the parents that must be synced because they have a new entry.
    func ensuredDirectory(_ name: String) throws(Errno) -> (directory: OpenFile, changed: [OpenFile]) {
        do {
            return (try directory(name), [])
        } catch .noSuchFileOrDirectory {
            var (parent, changed) = (root, [root])
            if let slash = name.lastIndex(of: "/") {
                (parent, changed) = try ensuredDirectory(String(name[..<slash]))
                changed.append(parent)
            }
            let mode = SpoolLayout.directories.first { $0.name == name }?.mode ?? 0o700
            try fileSystem.ensureDirectory(name, in: root, mode: mode)
            return (try directory(name), changed)
        }
    }
}
