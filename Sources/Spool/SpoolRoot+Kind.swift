import CLinux

extension SpoolRoot {
    /// f_type of network filesystems and of FUSE, which may be one (statfs(2), linux/magic.h).
    private static let sharedTypes: Set<Int> = [
        0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x517B, 0x00C3_6400, 0x6573_5546, 0x0BD0_0BD0, 0x0102_1997, 0x7461_636F,
        0x0116_1970,
    ]

    /// Whether the filesystem belongs to this machine alone: no other host changes it unseen.
    package var isLocal: Bool { !Self.sharedTypes.contains(clinux_filesystem_type(root.descriptor)) }
}
