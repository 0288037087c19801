import Documents
import Foundation
import Glibc
import Jobs
import Testing

/// A datagram socket in the place of systemd's.
private final class NotifySocket {
    let path: String
    private let descriptor: Int32

    init() throws {
        path = "/tmp/agentspool-notify-\(UInt32.random(in: 0 ... .max))"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// What came since the last call, each message's first assignment.
    func messages() -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return messages }
            messages.append(String(String(decoding: buffer[..<count], as: UTF8.self).prefix { $0 != "\n" }))
        }
    }
}

@Suite("The moment of a reload")
struct ReloadMomentTests {
    private static let queues = "default: {workflow: wait}"

    /// Starts a daemon by nohup(1), so that a SIGHUP before its start does not end it.
    private func start(_ bench: ReloadFixture, _ environment: [String: String] = [:]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/nohup")
        process.arguments = [Program.path, "run", "--spool", bench.spool.path, "--node", "test"]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let log = URL(fileURLWithPath: bench.spool.path).appendingPathComponent("daemon.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let handle = try FileHandle(forWritingTo: log)
        (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, handle, handle)
        try process.run()
        return process
    }

    @Test("A SIGHUP before the daemon is ready reloads after the start, and systemd gets RELOADING only after READY")
    func beforeReady() async throws {
        let bench = try ReloadFixture(Self.queues)
        let socket = try NotifySocket()
        let process = try start(bench, ["NOTIFY_SOCKET": socket.path])
        // nohup(1) ignores SIGHUP, then the daemon catches it; before that it would end nohup itself.
        try await bench.spool.until("SIGHUP is ignored or caught") {
            let path = "/proc/\(process.processIdentifier)/status"
            let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let masks = status.split(separator: "\n").filter { $0.hasPrefix("SigIgn") || $0.hasPrefix("SigCgt") }
            return masks.contains { UInt64($0.suffix(16), radix: 16).map { $0 & 1 == 1 } ?? false }
        }
        try await bench.spool.until("the daemon has read its configuration again") {
            kill(process.processIdentifier, SIGHUP)
            return bench.spool.read("daemon.log").contains("configuration read again")
        }
        let messages = socket.messages()
        #expect(messages.first == "READY=1")
        #expect(messages.dropFirst().prefix(2) == ["RELOADING=1", "READY=1"], "\(messages)")
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("A SIGHUP during a stop is ignored, and the stop goes on")
    func duringStop() async throws {
        let bench = try ReloadFixture(Self.queues, more: "workers: {stop_grace: 60s}")
        try await bench.spool.startDaemon()
        try bench.spool.drop("{}", as: "a.json")
        try await bench.untilStarted(1)
        kill(bench.spool.daemonPID, SIGTERM)
        try await bench.untilLogged("stopping")
        for _ in 0..<20 { bench.hangUp() }
        try bench.configure("queues: [")
        for _ in 0..<20 { bench.hangUp() }
        try bench.spool.write("", to: "go")
        #expect(try bench.spool.stopDaemon() == 0)
        #expect(bench.logLines == [])
    }

    /// The ways in which a program writes a file in more than one step.
    enum Writing: String, CaseIterable, CustomTestStringConvertible {
        case inPlace = "truncates it and writes half, and then the rest"
        case replacing = "takes it away, and puts another one there"

        var testDescription: String { rawValue }
    }

    @Test("A reload during a write of the configuration waits for the whole file", arguments: Writing.allCases)
    func half(writing: Writing) async throws {
        let bench = try ReloadFixture("\(Self.queues)\nother: {workflow: wait}")
        try await bench.spool.startDaemon()
        // The first half is a good configuration, without the second queue.
        let whole = ReloadFixture.configuration("\(Self.queues)\nother: {workflow: wait, priority: 5}")
        let half = String(whole[..<(try #require(whole.range(of: "  other")?.lowerBound))])
        let path = "\(bench.spool.path)/agentspool.yaml"
        var writer: FileHandle?
        switch writing {
        case .inPlace:
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data(half.utf8))
            writer = file
        case .replacing: try FileManager.default.removeItem(atPath: path)
        }
        // A thread of its own, because the tests' thread pool may be busy for longer than the daemon waits.
        finish(path, whole, writer, whenAskedIn: "\(bench.spool.path)/control")
        let reload = try bench.reload("--json")
        #expect(reload.status == 0, "\(reload.error)")
        let answer = try JSONParser.parse(try #require(reload.lines.first))
        #expect(
            answer["queues"] == [
                "added": [], "removed": [],
                "changed": [["name": "other", "members": [["member": "priority", "from": .null, "to": 5]]]],
            ]
        )
        #expect(bench.logLines.count == 1)
    }

    /// Completes the file at `path` as soon as a request lies in `directory`.
    private func finish(_ path: String, _ text: String, _ writer: FileHandle?, whenAskedIn directory: String) {
        let descriptor = writer.map { dup($0.fileDescriptor) }
        try? writer?.close()
        Thread.detachNewThread {
            while let names = try? FileManager.default.contentsOfDirectory(atPath: directory),
                names.allSatisfy({ $0.hasPrefix(".") })
            { usleep(1_000) }
            if let descriptor {
                _ = Array(text.utf8).withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
                close(descriptor)
            } else {
                try? Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            }
        }
    }

    /// The master's side of a new terminal, and the name of the other one (pts(4)).
    ///
    /// It does what unlockpt(3) and ptsname(3) do, which Glibc's module lacks.
    private static func openTerminal() throws -> (master: Int32, name: String) {
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (lock, number): (Int32, UInt32) = (0, 0)
        try #require(ioctl(master, setLock, &lock) == 0 && ioctl(master, getNumber, &number) == 0)
        return (master, "/dev/pts/\(number)")
    }

    @Test("The SIGHUP of a closed terminal stops the daemon that was started in it")
    func terminal() async throws {
        let bench = try ReloadFixture(Self.queues)
        let (terminal, name) = try Self.openTerminal()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = ["--ctty", "--wait", Program.path, "run", "--spool", bench.spool.path, "--node", "test"]
        process.standardInput = try FileHandle(forUpdating: URL(fileURLWithPath: name))
        let log = URL(fileURLWithPath: bench.spool.path).appendingPathComponent("daemon.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let handle = try FileHandle(forWritingTo: log)
        (process.standardOutput, process.standardError) = (handle, handle)
        try process.run()
        try await bench.untilLogged(" ready")
        let node = try JSONParser.parse(bench.spool.read("nodes/test"))
        let daemon = try #require(node["pid"]?.int)
        // While the terminal is open, SIGHUP is a reload.
        kill(pid_t(daemon), SIGHUP)
        try await bench.untilLogged("configuration read again")
        close(terminal)
        try await bench.untilLogged("stopping")
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(bench.logLines.count == 1)
    }
}
