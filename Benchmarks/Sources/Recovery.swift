import Foundation

/// 10,000 jobs in processing/ of a killed daemon: how long after the next start the first has ended, and all have.
enum Recovery {
    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let jobs = workplace.count(10_000, quick: 500)
        var first = Figure(
            benchmark: "recovery",
            name: "first step",
            unit: "s",
            samples: [],
            durability: "synced",
            target: .atMost(1)
        )
        var all = Figure(benchmark: "recovery", name: "all jobs done", unit: "s", samples: [], durability: "synced")
        let template = try interruptedJob(workplace)
        let spool = try BenchmarkSpool(workplace, configuration: Configuration.steps(2, concurrency: 64))
        try? FileManager.default.createDirectory(
            atPath: "\(spool.path)/processing/bench",
            withIntermediateDirectories: true
        )
        try template.write(jobs, in: "\(spool.path)/processing/bench", areLinked: false)
        let daemon = try spool.start()
        try spool.wait("the first job") { spool.finished > 0 }
        first.samples.append(Clock.now - daemon.started)
        try spool.wait("the last job", interval: 0.05) { spool.finished == jobs }
        all.samples.append(Clock.now - daemon.started)
        _ = try spool.stop(daemon)
        return [first, all]
    }

    /// A job that was killed between its first step and its second.
    private static func interruptedJob(_ workplace: Workplace) throws -> JobTemplate {
        let spool = try BenchmarkSpool(workplace, configuration: Configuration.steps(2, concurrency: 64))
        try spool.write("script.yaml", "- {when: \"^1$\", reply: done, delay: 60s}\n- reply: done\n")
        try spool.write(
            "agentspool.yaml",
            """
            models: {default: {provider: scripted, script: script.yaml}}
            workflows:
              work:
                steps:
                  - {id: s1, prompt: "0"}
                  - {id: s2, prompt: "1"}
            \(Configuration.queue(64))
            """
        )
        try spool.drop(1)
        let daemon = try spool.start()
        func job() -> String? { spool.entries("processing/bench").first.map { "\(spool.path)/processing/bench/\($0)" } }
        try spool.wait("the second step") {
            guard let job = job(), let history = try? String(contentsOfFile: "\(job)/history.jsonl", encoding: .utf8)
            else {
                return false
            }
            return history.contains("\"step.started\",\"step\":\"s2\"")
        }
        daemon.signal(SIGKILL)
        _ = daemon.wait()
        guard let job = job() else { throw Child.Failed(description: "the job is gone") }
        return try JobTemplate(at: job)
    }
}
