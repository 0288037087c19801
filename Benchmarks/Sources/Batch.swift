/// A batch file of 50,000 lines, each one model call: lines a second, and memory.
enum Batch {
    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let lines = workplace.count(50_000, quick: 2_000)
        var rate = Figure(benchmark: "batch", name: "lines", unit: "lines/s", samples: [], durability: "synced")
        var memory = Figure(benchmark: "batch", name: "memory", unit: "MB", samples: [], target: .atMost(200))
        let spool = try BenchmarkSpool(workplace, configuration: Configuration.steps(1, concurrency: 16))
        try spool.write("inbox/default/lines.jsonl", (0..<lines).map { "{\"n\":\($0)}\n" }.joined())
        let (seconds, usage) = try spool.drain(expecting: 1)
        rate.samples.append(Double(lines) / seconds)
        memory.samples.append(usage.peakMemory)
        return [rate, memory]
    }
}
