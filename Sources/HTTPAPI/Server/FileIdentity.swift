import CLinux

/// Which file lies at a path.
struct FileIdentity: Sendable, Equatable {
    private let device: UInt64
    private let inode: UInt64

    /// Nil where there is none.
    init?(_ path: String) {
        var (device, inode): (UInt64, UInt64) = (0, 0)
        guard clinux_file_identity(path, &device, &inode) == 0 else { return nil }
        (self.device, self.inode) = (device, inode)
    }
}
