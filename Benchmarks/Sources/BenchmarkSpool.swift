import Foundation
import Glibc

/// A spool that a benchmark fills, and the daemon that works on it.
final class BenchmarkSpool {
    let path: String
    private let workplace: Workplace
    /// Beside the spool, so that the log is not in it.
    private var log: String { path + ".log" }

    /// - Parameter configuration: agentspool.yaml, without the model `default`, which is scripted when none is given.
    init(_ workplace: Workplace, configuration: String, isSynced: Bool = true, model: String? = nil) throws {
        self.workplace = workplace
        path = workplace.newPath()
        try Child.run([workplace.program, "init", path])
        try write("script.yaml", "- reply: done\n")
        let model = model ?? "{provider: scripted, script: script.yaml}"
        try write(
            "agentspool.yaml",
            "models: {default: \(model)}\n" + (isSynced ? "" : "durability: off\n") + configuration
        )
    }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
    }

    /// Puts job documents into the inbox, each with a different number as its input.
    func drop(_ count: Int) throws {
        for number in 0..<count {
            let file = "\(path)/inbox/default/\(number).json"
            let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            let text = "{\"input\":{\"n\":\(number)}}\n"
            guard descriptor >= 0, Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else {
                throw Child.Failed(description: "cannot write \(file): \(String(cString: strerror(errno)))")
            }
            close(descriptor)
        }
    }

    /// Starts the daemon.
    ///
    /// - Parameters:
    ///   - openFiles: Its limit of open files; nil for that of the benchmarks.
    ///   - tracer: A program with its arguments that runs the daemon.
    ///   - program: Another copy of the program.
    func start(
        _ arguments: [String] = [],
        openFiles: Int? = nil,
        under tracer: [String] = [],
        _ program: String? = nil
    ) throws -> Child {
        workplace.settle()
        let command = tracer + [program ?? workplace.program, "run", "--spool", path, "--node", "bench"] + arguments
        guard let openFiles else { return try Child(command, log: log) }
        return try Child(["/bin/sh", "-c", "ulimit -n \(openFiles) && exec \"$0\" \"$@\""] + command, log: log)
    }

    /// Runs the daemon until nothing is left to do, and checks that all jobs are done.
    func drain(expecting count: Int) throws -> (seconds: Double, usage: Child.Usage) {
        let daemon = try start(["--drain"])
        let usage = daemon.wait()
        let seconds = Clock.now - daemon.started
        let ended = finished
        guard usage.status == 0, ended == count else {
            throw Child.Failed(description: "\(ended) of \(count) jobs are done: \(logEnd)")
        }
        return (seconds, usage)
    }

    func run(_ arguments: [String]) throws -> (output: String, seconds: Double, usage: Child.Usage) {
        try Child.run([workplace.program] + arguments + ["--spool", path])
    }

    var logEnd: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return String(text.suffix(1_500))
    }

    /// Lines of the daemon's log in which `text` stands.
    func logLines(containing text: String) -> Int {
        let log = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return log.split(separator: "\n").count { $0.contains(text) }
    }

    func entries(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(directory)").filter { !$0.hasPrefix(".") })
            ?? []
    }

    /// Jobs in done/.
    var finished: Int { entries("done").reduce(0) { $0 + Self.count("\(path)/done/\($1)") } }

    /// How many entries a directory has, counted with little work: the daemon needs the processors.
    private static func count(_ directory: String) -> Int {
        guard let listing = opendir(directory) else { return 0 }
        defer { closedir(listing) }
        var count = 0
        while readdir(listing) != nil { count += 1 }
        return count - 2
    }

    /// Waits until `condition` holds, looking every few milliseconds, or every `interval` seconds.
    func wait(
        _ what: String,
        patience: Double = 120,
        interval: Double = 0.005,
        until condition: () -> Bool
    ) throws {
        let end = Clock.now + patience
        while !condition() {
            if Clock.now > end { throw Child.Failed(description: "\(what) did not come in \(patience) s: \(logEnd)") }
            Clock.sleep(interval)
        }
    }

    /// Waits until the daemon takes drops: the first has gone from the inbox.
    func waitUntilReady() throws {
        try "{\"input\":{\"n\":0}}\n".write(toFile: "\(path)/tmp/ready.json", atomically: false, encoding: .utf8)
        rename("\(path)/tmp/ready.json", "\(path)/inbox/default/ready.json")
        try wait("the daemon's first job") { self.finished == 1 }
    }

    func stop(_ daemon: Child) throws -> Child.Usage {
        daemon.signal(SIGTERM)
        let usage = daemon.wait()
        guard usage.status == 0 else { throw Child.Failed(description: "the daemon ended badly: \(logEnd)") }
        return usage
    }
}

/// Workflows of model calls with the scripted model, each call a durable step.
enum Configuration {
    static func steps(_ count: Int, concurrency: Int) -> String {
        let steps = (1...count).map { "      - {id: s\($0), prompt: \"{{input.n}}\"}\n" }.joined()
        return """
            workflows:
              work:
                steps:
            \(steps)\(queue(concurrency))
            """
    }

    static func queue(_ concurrency: Int) -> String {
        """
        queues:
          default: {workflow: work, concurrency: \(concurrency)}
        workers: {concurrency: \(concurrency)}

        """
    }
}
