import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

/// A real spool in a temporary directory, and real daemons on it.
final class TestSpool {
    let directory: URL
    var path: String { directory.appendingPathComponent("spool").path }
    private var daemon: Process?

    init(configuration: String? = nil, files: [String: String] = [:]) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("spool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let made = try Program.run(arguments: ["init", path])
        try #require(made.status == 0, "\(made.error)")
        if let configuration { try write(configuration, to: "agentspool.yaml") }
        for (name, text) in files { try write(text, to: name) }
    }

    deinit {
        killDaemon()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Writes a file of the spool; one that begins with `#!` becomes a program.
    func write(_ text: String, to name: String) throws {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        if text.hasPrefix("#!") { chmod(file.path, 0o755) }
    }

    func read(_ name: String) -> String {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        return (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Drops a file as the contract for writers asks: written aside, then renamed into the inbox.
    func drop(_ text: String, as name: String, queue: String = "default") throws {
        try write(text, to: "tmp/\(name)")
        try FileManager.default.moveItem(atPath: "\(path)/tmp/\(name)", toPath: "\(path)/inbox/\(queue)/\(name)")
    }

    // MARK: Programs

    @discardableResult
    func agentspool(_ arguments: String..., input: String = "") throws -> Program.Result {
        try Program.run(arguments: arguments, input: input, environment: ["AGENTSPOOL_SPOOL": path])
    }

    /// Starts a daemon, and returns when it says that it is ready.
    ///
    /// - Parameters:
    ///   - openFiles: Its limit of open files; nil for that of the tests.
    ///   - softly: Whether the daemon may raise that limit.
    func startDaemon(_ arguments: [String] = [], openFiles: Int? = nil, softly: Bool = false) async throws {
        let log = URL(fileURLWithPath: path).appendingPathComponent("daemon.log")
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: log)
        let start = try handle.seekToEnd()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["run", "--spool", path, "--node", "test"] + arguments
        if let openFiles {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            let command = ["-c", "ulimit \(softly ? "-Sn" : "-n") \(openFiles) && exec \"$0\" \"$@\"", Program.path]
            process.arguments = command + (process.arguments ?? [])
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        daemon = process
        try await until("the daemon is ready") {
            try #require(process.isRunning, "the daemon ended: \(self.read("daemon.log").suffix(2_000))")
            // Only what this daemon wrote: the log of hundreds of daemons before it may be long.
            let reader = try FileHandle(forReadingFrom: log)
            try reader.seek(toOffset: start)
            return String(decoding: try reader.readToEnd() ?? Data(), as: UTF8.self).contains(" ready\n")
        }
    }

    var daemonPID: Int32 { daemon?.processIdentifier ?? 0 }

    /// Sends SIGKILL, and returns when the daemon has ended.
    func killDaemon() {
        guard let daemon else { return }
        kill(daemon.processIdentifier, SIGKILL)
        daemon.waitUntilExit()
        self.daemon = nil
    }

    /// Sends SIGTERM, and returns the exit status.
    @discardableResult
    func stopDaemon() throws -> Int32 {
        let daemon = try #require(daemon)
        kill(daemon.processIdentifier, SIGTERM)
        daemon.waitUntilExit()
        self.daemon = nil
        return daemon.terminationStatus
    }

    // MARK: Looking

    func root() throws -> SpoolRoot { try SpoolRoot(path: path, fileSystem: LinuxFileSystem()) }

    /// All jobs, found in the directories.
    func jobs() throws -> [(location: JobLocation, history: HistoryContents, replay: JobReplay)] {
        let root = try root()
        return try root.findJobs { _ in true }.compactMap { location in
            guard let history = try root.history(of: location) else { return nil }
            return (location, history, JobReplay(name: location.job, records: history.records))
        }
    }

    /// How many jobs lie below each top directory.
    func places() throws -> [String: Int] {
        try root().findJobs { _ in true }.reduce(into: [:]) { counts, location in
            counts[String(location.directory.prefix { $0 != "/" }), default: 0] += 1
        }
    }

    /// Waits for a condition to become true; fails after a minute, which no working program needs.
    func until(_ what: String, _ condition: () throws -> Bool) async throws {
        for _ in 0..<6_000 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it never happened that \(what); places: \(try places())\n\(read("daemon.log").suffix(4_000))")
        throw CancellationError()
    }

    /// Waits until at least `count` jobs have ended or are held.
    func untilSettled(_ count: Int) async throws {
        try await until("\(count) jobs are settled") {
            let places = try places()
            return (places["done"] ?? 0) + (places["failed"] ?? 0) + (places["held"] ?? 0) >= count
        }
    }
}
