extension SpoolRoot {
    /// Whether the filesystem belongs to this machine alone: no other host changes it unseen.
    package var isLocal: Bool { fileSystem.isLocal(root) }

    /// As ``isLocal``, for an inbox, which may lead to another filesystem; false when that cannot be told.
    package func isLocal(inboxOf queue: String) -> Bool {
        (try? isLocalDirectory(SpoolLayout.inbox(of: queue))) ?? false
    }

    /// As ``isLocal``, for the filesystem of the directory `path`; false when that cannot be told.
    package static func isLocal(path: String, fileSystem: any FileSystem) -> Bool {
        (try? fileSystem.open(path, in: nil, .directory)).map { fileSystem.isLocal($0) } ?? false
    }
}
