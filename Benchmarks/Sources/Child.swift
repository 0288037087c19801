import Foundation
import Glibc

/// A started program, and the resources that it used.
///
/// Not Foundation's `Process`: only wait4(2) reports what a child used.
final class Child {
    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    struct Usage {
        var status: Int32
        var cpuSeconds: Double
        /// The most memory it ever had, in MB.
        var peakMemory: Double
        /// How often its threads went to sleep.
        var sleeps: Int
    }

    let pid: pid_t
    let started: Double

    /// - Parameters:
    ///   - log: Takes its standard error; nil for none.
    ///   - output: Takes its standard output.
    init(_ arguments: [String], log: String? = nil, output: String? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", flags, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, log ?? "/dev/null", flags, 0o644)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        started = Clock.now
        let code = posix_spawnp(&pid, arguments[0], &actions, nil, &words, environ)
        guard code == 0 else {
            throw Failed(description: "cannot start \(arguments[0]): \(String(cString: strerror(code)))")
        }
        self.pid = pid
    }

    func signal(_ signal: Int32) { kill(pid, signal) }

    /// Waits for its end.
    func wait() -> Usage {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) < 0 && errno == EINTR {}
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return Usage(
            status: status,
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            peakMemory: Double(usage.ru_maxrss) / 1024,
            sleeps: usage.ru_nvcsw
        )
    }

    /// Runs a program to its end; throws when it does not succeed.
    @discardableResult
    static func run(_ arguments: [String]) throws -> (output: String, seconds: Double, usage: Usage) {
        let file = NSTemporaryDirectory() + "/benchmarks-\(getpid())-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let child = try Child(arguments, log: file + ".log", output: file)
        defer { try? FileManager.default.removeItem(atPath: file + ".log") }
        let usage = child.wait()
        let seconds = Clock.now - child.started
        guard usage.status == 0 else {
            let log = (try? String(contentsOfFile: file + ".log", encoding: .utf8)) ?? ""
            throw Failed(
                description: "\(arguments.joined(separator: " ")) ended with \(usage.status): \(log.suffix(2_000))"
            )
        }
        return ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "", seconds, usage)
    }

    // MARK: /proc

    /// Seconds on the processor so far, of all its threads.
    var cpuSeconds: Double {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Waits for its end, and says how many bytes it has written, also those that are only in the page cache;
    /// ``wait()`` must follow.
    func bytesWritten() -> Int {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        let text = (try? String(contentsOfFile: "/proc/\(pid)/io", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("wchar:") }
        return line.flatMap { Int($0.dropFirst("wchar:".count).trimmingCharacters(in: .whitespaces)) } ?? 0
    }

    /// Where a program is that PATH leads to.
    static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// How many descriptors it has open.
    var descriptors: Int {
        guard let listing = opendir("/proc/\(pid)/fd") else { return 0 }
        defer { closedir(listing) }
        var count = 0
        while readdir(listing) != nil { count += 1 }
        return count - 2
    }

    /// Whether it has ended; ``wait()`` returns how.
    var hasEnded: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0 && information.si_signo != 0
    }

    /// A member of /proc/PID/status in MB, as VmRSS.
    func memory(_ member: String) -> Double {
        Double(Self.number(member, in: "/proc/\(pid)/status")) / 1024
    }

    /// How often each of its threads went to sleep so far.
    var sleeps: [String: Int] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return Dictionary(
            uniqueKeysWithValues: threads.map {
                ($0, Self.number("voluntary_ctxt_switches", in: "/proc/\(pid)/task/\($0)/status"))
            }
        )
    }

    private static func number(_ member: String, in file: String) -> Int {
        let lines = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix(member + ":") }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0
    }
}

enum Clock {
    /// Seconds of the monotonic clock.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func sleep(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }
}
