/// Jobs whose step is the command /bin/true, against posix_spawn(3) in C.
enum Commands {
    private static let concurrency = 8

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let count = workplace.count(2_000, quick: 200)
        var commands = Figure(
            benchmark: "commands",
            name: "jobs of /bin/true",
            unit: "jobs/s",
            samples: [],
            durability: "synced"
        )
        var limit = Figure(benchmark: "commands", name: "posix_spawn in C", unit: "starts/s", samples: [])
        let configuration = """
            tools:
              nothing: {command: [/bin/true], effect: read}
            workflows:
              work:
                steps:
                  - {id: only, tool: nothing}
            \(Configuration.queue(concurrency))
            """
        limit.samples.append(try workplace.rate(["spawn", "\(count)", "\(concurrency)"]))
        let spool = try BenchmarkSpool(workplace, configuration: configuration)
        try spool.drop(count)
        commands.samples.append(Double(count) / (try spool.drain(expecting: count).seconds))
        return [commands, limit, .ratio("of posix_spawn in C", commands, to: limit)]
    }
}
