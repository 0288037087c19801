/// 16 jobs at a time against a server that answers a chat completion after 50 ms: what the engine adds to each call.
enum Agent {
    private static let concurrency = 16
    private static let callsPerJob = 5
    private static let answerAfter = 0.050

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let jobs = workplace.count(160, quick: 32)
        var overhead = Figure(
            benchmark: "agent",
            name: "engine, a model call",
            unit: "ms",
            samples: [],
            durability: "synced"
        )
        var cpu = Figure(
            benchmark: "agent",
            name: "processor, a model call",
            unit: "ms",
            samples: [],
            durability: "synced",
            target: .atMost(0.5)
        )
        let server = try ModelServer(answerAfter: answerAfter)
        defer { server.stop() }
        let model = "{provider: openai, base_url: \"http://127.0.0.1:\(server.port)/v1\", model: m, stream: false}"
        let configuration = Configuration.steps(callsPerJob, concurrency: concurrency)
        let spool = try BenchmarkSpool(workplace, configuration: configuration, model: model)
        let daemon = try spool.start()
        try spool.waitUntilReady()
        let (cpuBefore, start) = (daemon.cpuSeconds, Clock.now)
        try spool.drop(jobs)
        try spool.wait("the last job", interval: 0.02) { spool.finished == jobs + 1 }
        let (cpuAfter, end) = (daemon.cpuSeconds, Clock.now)
        _ = try spool.stop(daemon)
        let calls = Double(jobs * callsPerJob)
        let perCall = (end - start) / calls * Double(concurrency)
        overhead.samples.append((perCall - answerAfter) * 1_000)
        cpu.samples.append((cpuAfter - cpuBefore) / calls * 1_000)
        return [overhead, cpu]
    }
}
