/// Jobs of five durable steps: steps a second from the daemon's start to its end.
enum Steps {
    static let stepsPerJob = 5

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let jobs = workplace.count(6_000, quick: 400)
        var figures: [Figure] = []
        for concurrency in [16, 64] {
            let name = "\(concurrency) jobs at a time"
            var steps = Figure(benchmark: "steps", name: name, unit: "steps/s", samples: [], durability: "synced")
            var limit = Figure(
                benchmark: "steps",
                name: "limit program, \(name)",
                unit: "steps/s",
                samples: [],
                durability: "synced"
            )
            if concurrency == 64 { steps.target = .atLeast(10_000) }
            limit.samples.append(
                try workplace.rate(["steps", "DIR", "\(jobs)", "\(stepsPerJob)", "\(concurrency)"])
            )
            let configuration = Configuration.steps(stepsPerJob, concurrency: concurrency)
            let spool = try BenchmarkSpool(workplace, configuration: configuration)
            try spool.drop(jobs)
            steps.samples.append(Double(jobs * stepsPerJob) / (try spool.drain(expecting: jobs).seconds))
            figures += [steps, limit]
        }
        return figures
    }
}
