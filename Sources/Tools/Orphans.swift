import Glibc
import SystemPackage

/// Commands that outlived the daemon that started them.
///
/// After kill -9 a command goes on, and what it does then would be done beside, or after, what the next life does about
/// the same step. Its environment tells which step it works for (proc(5), `environ`), that of its children as well.
package enum Orphans {
    /// How long a process that got SIGKILL may take to go.
    private static let patience = 5_000

    /// The jobs that processes of this machine work for, by their ids. Blocking.
    package static func jobs() -> Set<String> {
        let mark = Array("\(CommandTool.keyVariable)=".utf8)
        let keys = processes().flatMap { environment(of: $0).filter { $0.starts(with: mark) } }
        return Set(
            keys.map { String(decoding: $0.dropFirst(mark.count).prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self) }
        )
    }

    /// Ends every process of this machine that works for one of these idempotency keys. Blocking.
    ///
    /// - Returns: How many were ended, and whether all of them are gone.
    package static func end(workingFor keys: Set<String>) -> (count: Int, areGone: Bool) {
        if keys.isEmpty { return (0, true) }
        let marks = Set(keys.map { Array("\(CommandTool.keyVariable)=\($0)".utf8)[...] })
        var ended: Set<Int32> = []
        for _ in 0..<patience {
            // One that forks while it is looked for is found in the next round.
            let running = processes().filter { environment(of: $0).contains { marks.contains($0) } }
            if running.isEmpty { return (ended.count, true) }
            for process in running {
                kill(process, SIGKILL)
                ended.insert(process)
            }
            // Nothing tells of the end of a process that is no child of this one, and its children must be looked for
            // again in any case.
            usleep(1_000)
        }
        return (ended.count, false)
    }

    private static func processes() -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var processes: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let process = Int32(name), process != getpid() { processes.append(process) }
        }
        return processes
    }

    /// Nothing of a process that is gone, that is a zombie, or that belongs to somebody else.
    private static func environment(of process: Int32) -> [ArraySlice<UInt8>] {
        guard let file = try? FileDescriptor.open("/proc/\(process)/environ", .readOnly, options: .closeOnExec) else {
            return []
        }
        defer { try? file.close() }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
            bytes += buffer.prefix(count)
        }
        return bytes.split(separator: 0)
    }
}
