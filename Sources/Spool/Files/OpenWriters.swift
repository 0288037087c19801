import Documents
import Glibc
import Jobs
import Synchronization

/// Which files of a directory are open for writing, as far as this process may look into others (proc(5)).
///
/// A daemon without CAP_LEASE finds a writer here that opened its file before the daemon watched. It sees only
/// processes that it may look into: those of its own user, or all.
final class OpenWriters: Sendable {
    private struct Found {
        var at: Timestamp
        var directory: String
        var paths: Set<String>
    }

    /// A scan of all processes takes some milliseconds, so drops that come together share one.
    private static let freshTime: Duration = .milliseconds(500)

    private let found = Mutex<Found?>(nil)

    /// Whether a process has the file open to write. Blocking.
    ///
    /// - Parameter path: Absolute, and without links.
    func include(_ path: String, at now: Timestamp) -> Bool {
        let directory = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex))
        return found.withLock { found in
            if let found, found.directory == directory, found.at <= now, now - found.at < Self.freshTime {
                return found.paths.contains(path)
            }
            let paths = Self.paths(in: directory)
            found = Found(at: now, directory: directory, paths: paths)
            return paths.contains(path)
        }
    }

    private static func paths(in directory: String) -> Set<String> {
        var paths: Set<String> = []
        for process in entries(of: "/proc") where Int32(process) != nil && Int32(process) != getpid() {
            let descriptors = "/proc/\(process)/fd"
            for descriptor in entries(of: descriptors) {
                // The link is read and not followed: its target may be on a file server that does not answer.
                guard let path = target(of: "\(descriptors)/\(descriptor)"), path.hasPrefix("\(directory)/"),
                    isToWrite("/proc/\(process)/fdinfo/\(descriptor)")
                else { continue }
                paths.insert(path)
            }
        }
        return paths
    }

    /// Empty for a directory that this process may not read.
    private static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }

    /// `flags:` is in octal, and its lowest bits say how the file was opened.
    private static func isToWrite(_ information: String) -> Bool {
        let file = open(information, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = read(file, &buffer, buffer.count)
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags:") }),
            let flags = Int32(line.dropFirst(6).filter { !$0.isWhitespace }, radix: 8)
        else { return false }
        return flags & O_ACCMODE != O_RDONLY
    }

    /// The absolute path of a file that this process has open; nil for one that is gone.
    static func path(of file: OpenFile) -> String? { target(of: "/proc/self/fd/\(file.descriptor)") }
}
