import Testing

@testable import Spool

@Suite("Local filesystems")
struct LocalFileSystemTests {
    @Test(
        "A filesystem that belongs to one machine is local",
        arguments: [
            ("ext4", 0xEF53), ("xfs", 0x5846_5342), ("btrfs", 0x9123_683E), ("tmpfs", 0x0102_1994),
            ("f2fs", 0xF2F5_2010),
            ("zfs", 0x2FC1_2FC1), ("bcachefs", 0xCA45_1A4E), ("overlay", 0x794C_7630), ("ramfs", 0x8584_58F6),
            // As a 32-bit machine returns it, extended by its sign.
            ("btrfs, signed", -0x6EDC_97C2), ("zfs in 64 bits", 0x2FC1_2FC1),
        ]
    )
    func local(_ name: String, _ type: Int) { #expect(LocalFileSystems.include(type), "\(name)") }

    @Test(
        "A filesystem that other hosts may share, or that is not known, is not local",
        arguments: [
            ("nfs", 0x6969), ("cifs", 0xFF53_4D42), ("smb2", 0xFE53_4D42), ("smb", 0x517B), ("ceph", 0x00C3_6400),
            ("fuse", 0x6573_5546), ("lustre", 0x0BD0_0BD0), ("9p", 0x0102_1997), ("ocfs2", 0x7461_636F),
            ("gfs2", 0x0116_1970), ("beegfs", 0x1983_0326), ("gpfs", 0x4750_4653), ("orangefs", 0x2003_0528),
            ("afs", 0x5346_414F), ("vboxsf", 0x786F_4256), ("vmhgfs", 0xBACB_ACBC), ("unknown", 0x1234_5678),
            ("no answer", -1), ("zero", 0),
        ]
    )
    func shared(_ name: String, _ type: Int) { #expect(!LocalFileSystems.include(type), "\(name)") }
}
