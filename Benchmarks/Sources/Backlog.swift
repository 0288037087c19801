/// Files waiting, a thousand to a million: the rate at which they become jobs, and the memory that this takes.
///
/// A large backlog is worked on for some seconds only, not to its end.
enum Backlog {
    private static let seconds = 5.0

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let sizes = workplace.size == .full ? [1_000, 10_000, 100_000, 1_000_000] : [1_000, 10_000]
        var figures: [Figure] = []
        var rates: [Figure] = []
        for size in sizes {
            let name = size.formatted()
            var rate = Figure(
                benchmark: "backlog",
                name: "rate, \(name) waiting",
                unit: "jobs/s",
                samples: [],
                durability: "synced"
            )
            var memory = Figure(benchmark: "backlog", name: "memory, \(name) waiting", unit: "MB", samples: [])
            var first = Figure(benchmark: "backlog", name: "first job, \(name) waiting", unit: "ms", samples: [])
            if size == 1_000_000 { memory.target = .atMost(150) }
            let seen = try sample(workplace, size)
            rate.samples.append(seen.rate)
            memory.samples.append(seen.memory)
            first.samples.append(seen.first * 1_000)
            rates.append(rate)
            figures += [rate, memory, first]
        }
        if let last = rates.last {
            let base = rates[0].median
            var ratio = Figure(
                benchmark: "backlog",
                name: "rate, of that at 1,000",
                unit: "%",
                samples: last.samples.map { $0 / base * 100 },
                durability: "synced"
            )
            if workplace.size == .full { ratio.target = .atLeast(80) }
            figures.append(ratio)
        }
        return figures
    }

    private static func sample(_ workplace: Workplace, _ size: Int) throws -> (
        rate: Double, memory: Double, first: Double
    ) {
        let spool = try BenchmarkSpool(workplace, configuration: Configuration.steps(1, concurrency: Drain.concurrency))
        try spool.drop(size)
        let daemon = try spool.start()
        try spool.wait("the first job") { spool.finished > 0 }
        // A hundred jobs may end together with the first, a tenth of a thousand: they do not count.
        let (start, early) = (Clock.now, spool.finished)
        let first = start - daemon.started
        // A thousand jobs take a third of a second; with many jobs, frequent looks would slow what is measured.
        try spool.wait("the jobs", interval: size > 10_000 ? 0.1 : 0.01) {
            Clock.now - start > seconds || spool.finished == size
        }
        let (end, finished) = (Clock.now, spool.finished)
        let usage = try spool.stop(daemon)
        return (Double(finished - early) / (end - start), usage.peakMemory, first)
    }
}
