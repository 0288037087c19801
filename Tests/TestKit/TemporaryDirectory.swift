import Documents
import Glibc
package import SystemPackage

/// A directory of its own for one test, removed with all in it when the test lets go of it.
package final class TemporaryDirectory: Sendable {
    package let path: FilePath

    package init() throws {
        let name = "agentspool-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
        path = FilePath("/tmp").appending(name)
        if mkdir(path.string, 0o700) != 0 { throw Errno(rawValue: errno) }
    }

    deinit { Self.remove(path.string) }

    /// Depth first, and never through a symbolic link.
    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        guard let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { remove("\(path)/\(name)") }
        }
        closedir(directory)
        rmdir(path)
    }
}
