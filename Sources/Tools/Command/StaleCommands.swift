import Documents
import Glibc
import SystemPackage

/// Commands that outlived the daemon that started them.
///
/// After kill -9 of the daemon a command goes on. It would act beside, or after, the next daemon's work on the same
/// step. Its environment, and that of its children, tells which step it works for (proc(5), `environ`).
package enum StaleCommands {
    /// The most rounds of 1 ms that processes may take to end after SIGKILL.
    private static let patience = 5_000

    /// Finds the ids of the jobs that processes of this machine work for; blocks the thread.
    package static func jobs() -> Set<String> {
        let mark = Array("\(CommandTool.keyVariable)=".utf8)
        let keys = processes().flatMap { environment(of: $0).filter { $0.starts(with: mark) } }
        return Set(
            keys.map { String(decoding: $0.dropFirst(mark.count).prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self) }
        )
    }

    /// Ends every process of this machine that works for one of these idempotency keys; blocks the thread.
    ///
    /// - Returns: How many were ended, and whether all of them are gone.
    package static func end(workingFor keys: Set<String>) -> (count: Int, areGone: Bool) {
        if keys.isEmpty { return (0, true) }
        let marks = Set(keys.map { Array("\(CommandTool.keyVariable)=\($0)".utf8)[...] })
        var ended: Set<Int32> = []
        for _ in 0..<patience {
            // A child that is forked meanwhile is found in the next round.
            let running = processes().filter { environment(of: $0).contains { marks.contains($0) } }
            if running.isEmpty { return (ended.count, true) }
            for process in running {
                kill(process, SIGKILL)
                ended.insert(process)
            }
            // No SIGCHLD reports the end of a process that is not a child of this one, and its new children need
            // another round in any case.
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

    /// Empty for a process that is gone, is a zombie, or belongs to another user.
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
