import Foundation

/// Jobs of one step, waiting in the inbox: jobs a second from the daemon's start to its end, all in done/ and synced.
enum Drain {
    static let concurrency = 64

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let count = workplace.count(20_000, quick: 1_000)
        var durable = Figure(
            benchmark: "drain",
            name: "jobs, durable",
            unit: "jobs/s",
            samples: [],
            durability: "synced"
        )
        var limit = Figure(benchmark: "drain", name: "limit program", unit: "jobs/s", samples: [], durability: "synced")
        var loose = Figure(
            benchmark: "drain",
            name: "jobs, not synced",
            unit: "jobs/s",
            samples: [],
            durability: "not synced"
        )
        var looseLimit = limit
        (looseLimit.name, looseLimit.durability) = ("limit program, not synced", "not synced")
        limit.samples.append(try workplace.rate(["drain", "DIR", "\(count)", "\(concurrency)", "sync"]))
        durable.samples.append(try rate(workplace, count, isSynced: true))
        looseLimit.samples.append(try workplace.rate(["drain", "DIR", "\(count)", "\(concurrency)", "off"]))
        loose.samples.append(try rate(workplace, count, isSynced: false))
        return [
            durable, limit, .ratio("of the limit, durable", durable, to: limit, target: .atLeast(60)), loose,
            looseLimit,
            .ratio("of the limit, not synced", loose, to: looseLimit),
        ]
    }

    private static func rate(_ workplace: Workplace, _ count: Int, isSynced: Bool) throws -> Double {
        let configuration = Configuration.steps(1, concurrency: concurrency)
        let spool = try BenchmarkSpool(workplace, configuration: configuration, isSynced: isSynced)
        try spool.drop(count)
        return Double(count) / (try spool.drain(expecting: count).seconds)
    }
}
