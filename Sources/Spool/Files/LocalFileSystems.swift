/// Which filesystems belong to one machine, by f_type (statfs(2), linux/magic.h, and the filesystems' own sources).
///
/// The list names local filesystems, not shared ones: only on local ones does a free lock prove that its holder is
/// dead, a read lease that there is no writer, and does inotify report every change. An unknown filesystem is polled,
/// which is slower and never wrong. FUSE is not listed: it does not say what is behind it.
enum LocalFileSystems {
    private static let types: Set<Int> = [
        0xEF53,  // ext2, ext3, ext4
        0x5846_5342,  // xfs
        0x9123_683E,  // btrfs
        0x0102_1994,  // tmpfs
        0x8584_58F6,  // ramfs
        0xF2F5_2010,  // f2fs
        0x2FC1_2FC1,  // zfs
        0xCA45_1A4E,  // bcachefs
        0x3153_464A,  // jfs
        0x5265_4973,  // reiserfs
        0x3434,  // nilfs2
        0x4D44,  // vfat
        0x2011_BAB0,  // exfat
        0x7366_746E,  // ntfs3
        0x482B,  // hfsplus
        0x1501_3346,  // udf
        // The filesystem below may be shared; in containers it is nearly always local.
        0x794C_7630,  // overlay
        0x6175_6673,  // aufs
    ]

    static func include(_ type: Int) -> Bool { types.contains(type & 0xFFFF_FFFF) }
}
