import Foundation
import Glibc

/// The drain on an ext4 with a journal, as servers have it: an image in a file, mounted on a loop device.
enum Journal {
    private static let bytes = 4 << 30

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        guard getuid() == 0 else { throw Child.Failed(description: "only root can mount the loop device") }
        let (image, mountPoint) = (workplace.newPath(), workplace.newPath())
        guard FileManager.default.createFile(atPath: image, contents: nil), truncate(image, bytes) == 0 else {
            throw Child.Failed(description: "cannot make \(image): \(String(cString: strerror(errno)))")
        }
        defer { unlink(image) }
        try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
        try Child.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image])
        try Child.run(["mount", "-o", "loop", image, mountPoint])
        defer { _ = try? Child.run(["umount", mountPoint]) }
        return try Drain.measure(Workplace(workplace, directory: mountPoint)).map { figure in
            var figure = figure
            figure.benchmark = "journal"
            return figure
        }
    }
}
