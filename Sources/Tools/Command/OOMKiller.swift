import Documents
import Glibc
import Synchronization
import SystemPackage

/// Asks the kernel's OOM killer to prefer tools, and finds out whether it has killed.
enum OOMKiller {
    /// By how much a tool's score is raised (proc(5), oom_score_adj); the highest score is 1,000.
    private static let preference = 500
    /// The number of kills in the daemon's control group at the last count.
    private static let seen = Mutex<Int?>(nil)

    /// Makes the kernel kill this process, and its children, before the daemon.
    ///
    /// Where that is not allowed, the kernel chooses by size alone.
    static func prefer(_ process: pid_t) {
        _ = counted
        let path = "/proc/\(process)/oom_score_adj"
        guard let text = read(path), let score = Int(text.prefix { $0 != "\n" }),
            let file = try? FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
        else { return }
        defer { try? file.close() }
        _ = try? file.writeAll(String(min(1_000, score + preference)).utf8)
    }

    /// Whether the kernel has killed a process of the daemon's control group for want of memory since the last call, at
    /// first since the first start of a process; nil where the kernel does not count (cgroups(7), memory.events).
    static func hasKilled() -> Bool? {
        guard let now = count() else { return nil }
        return seen.withLock { seen in
            defer { seen = now }
            return seen.map { $0 < now }
        }
    }

    /// Counted once, at the first start of a process.
    private static let counted: Void = seen.withLock { $0 = count() }

    private static func count() -> Int? {
        guard let groups = read("/proc/self/cgroup"),
            let group = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::") })?.dropFirst(3),
            let events = read("/sys/fs/cgroup\(group)/memory.events"),
            let line = events.split(separator: "\n").first(where: { $0.hasPrefix("oom_kill ") })
        else { return nil }
        return Int(line.dropFirst("oom_kill ".count))
    }

    private static func read(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        guard let count = try? bytes.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
