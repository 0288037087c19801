import Documents
import Glibc

/// What /proc/PID/stat says of a process (proc(5)).
struct ProcessStatus {
    static let lengthMax = 1_024

    let isRunning: Bool
    /// Dead, and not yet reaped by its parent.
    let isZombie: Bool
    let parent: pid_t
    let group: pid_t

    init?(_ process: pid_t) {
        let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        if file < 0 { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.lengthMax)
        let count = read(file, &bytes, bytes.count)
        // The second field is the program's name in parentheses, which may hold anything, parentheses too.
        guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = String(decoding: bytes[(end + 1)..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 2, let parent = pid_t(fields[1]), let group = pid_t(fields[2]) else { return nil }
        (self.parent, self.group) = (parent, group)
        isRunning = fields[0] != "Z" && fields[0] != "X"
        isZombie = fields[0] == "Z"
    }

    /// The numbers of all processes that /proc shows; nil when it cannot be read.
    static func processes() -> [pid_t]? {
        guard let directory = opendir("/proc") else { return nil }
        defer { closedir(directory) }
        var processes: [pid_t] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let process = pid_t(name) { processes.append(process) }
        }
        return processes
    }
}
