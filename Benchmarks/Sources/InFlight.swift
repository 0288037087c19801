import Foundation
import Glibc

/// 10,000 jobs at the same time, whose model takes two seconds to answer, under a limit of 20,000 open files.
///
/// Measures the memory and the descriptors that they take, and how near their time is to the ideal: the time of the
/// same jobs with a server that answers at once, plus the two seconds.
enum InFlight {
    private static let openFiles = 20_000
    private static let answerAfter = 2.0

    /// The figures of one run.
    private struct Run {
        var seconds: Double
        var memory: Double
        var descriptors: Int
        var refused: Int
    }

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let jobs = workplace.count(10_000, quick: 500)
        func figure(_ name: String, _ unit: String, synced: Bool = false, _ target: Figure.Target? = nil) -> Figure {
            Figure(
                benchmark: "in-flight",
                name: name,
                unit: unit,
                samples: [],
                durability: synced ? "synced" : "",
                target: target
            )
        }
        var atOnce = figure("calls answered at once", "calls/s", synced: true)
        var late = figure("calls answered after 2 s", "calls/s", synced: true)
        var ideal = figure("of the ideal", "%", synced: true, .atLeast(90))
        var memory = figure("memory", "MB", .atMost(500))
        var each = figure("memory, a call", "KB", .atMost(40))
        var descriptors = figure("descriptors at most", "", .atMost(Double(openFiles)))
        var refused = figure("lines of \"Too many open files\"", "", .atMost(0))
        try raiseLimit()
        let idle = try run(workplace, jobs: 1, answerAfter: 0)
        let quick = try run(workplace, jobs: jobs, answerAfter: 0)
        let run = try run(workplace, jobs: jobs, answerAfter: answerAfter)
        atOnce.samples.append(Double(jobs) / quick.seconds)
        late.samples.append(Double(jobs) / run.seconds)
        ideal.samples.append((quick.seconds + answerAfter) / run.seconds * 100)
        memory.samples.append(run.memory)
        each.samples.append((run.memory - idle.memory) * 1_024 / Double(jobs))
        descriptors.samples.append(Double(run.descriptors))
        refused.samples.append(Double(run.refused))
        return [atOnce, late, ideal, memory, each, descriptors, refused]
    }

    /// The server is in this process, and needs a descriptor for each call.
    private static func raiseLimit() throws {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        getrlimit(resource, &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
        if limit.rlim_cur < openFiles {
            throw Child.Failed(description: "the limit of open files is \(limit.rlim_cur), and \(openFiles) are needed")
        }
    }

    private static func run(_ workplace: Workplace, jobs: Int, answerAfter: Double) throws -> Run {
        let server = try ModelServer(answerAfter: answerAfter)
        defer { server.stop() }
        let model = "{provider: openai, base_url: \"http://127.0.0.1:\(server.port)/v1\", model: m, stream: false}"
        let spool = try BenchmarkSpool(
            workplace,
            configuration: Configuration.steps(1, concurrency: max(jobs, 4)),
            model: model
        )
        try spool.drop(jobs)
        let daemon = try spool.start(["--drain"], openFiles: openFiles)
        var (memory, descriptors) = (0.0, 0)
        try spool.wait("the last job", patience: 600, interval: 0.1) {
            memory = max(memory, daemon.memory("VmHWM"))
            descriptors = max(descriptors, daemon.descriptors)
            return daemon.hasEnded || spool.finished == jobs
        }
        let seconds = Clock.now - daemon.started
        let usage = daemon.wait()
        guard usage.status == 0, spool.finished == jobs else {
            throw Child.Failed(description: "\(spool.finished) of \(jobs) jobs are done: \(spool.logEnd)")
        }
        return Run(
            seconds: seconds,
            memory: max(memory, usage.peakMemory),
            descriptors: descriptors,
            refused: spool.logLines(containing: "Too many open files")
        )
    }
}
