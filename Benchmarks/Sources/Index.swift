import Foundation

/// A million finished jobs: how long commands that read the index take, and how fast it is rebuilt from the files.
enum Index {
    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let jobs = workplace.count(1_000_000, quick: 20_000)
        let spool = try BenchmarkSpool(workplace, configuration: Configuration.steps(1, concurrency: 4))
        try spool.drop(1)
        _ = try spool.drain(expecting: 1)
        guard let day = spool.entries("done").first, let job = spool.entries("done/\(day)").first else {
            throw Child.Failed(description: "no job is done")
        }
        Terminal.note("  makes \(jobs.formatted()) jobs")
        let template = try JobTemplate(at: "\(spool.path)/done/\(day)/\(job)")
        for part in 0..<10 {
            let (directory, first) = ("\(spool.path)/done/2026-01-\(part + 10)", jobs / 10 * part)
            try template.write(jobs / 10, in: directory, from: first, areLinked: true)
        }
        var reindex = Figure(
            benchmark: "index",
            name: "reindex",
            unit: "jobs/s",
            samples: [],
            target: .atLeast(20_000)
        )
        for _ in 0..<(workplace.size == .full ? 3 : 1) {
            let seconds = try spool.run(["reindex"]).seconds
            reindex.samples.append(Double(jobs) / seconds)
        }
        var figures = [reindex]
        let commands = [("status", ["status"]), ("list", ["list"]), ("show", ["show", String(job.prefix(26))])]
        for (name, arguments) in commands {
            let target = name == "status" ? Figure.Target.atMost(50) : nil
            var figure = Figure(benchmark: "index", name: name, unit: "ms", samples: [], target: target)
            for _ in 0..<20 { figure.samples.append(try spool.run(arguments).seconds * 1_000) }
            figures.append(figure)
        }
        return figures
    }
}
