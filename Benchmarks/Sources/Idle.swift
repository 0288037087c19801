/// A daemon that has nothing to do, over a minute.
enum Idle {
    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let seconds = Double(workplace.count(60, quick: 20))
        var wakeUps = Figure(benchmark: "idle", name: "wake-ups in a minute, all threads", unit: "", samples: [])
        var cpu = Figure(benchmark: "idle", name: "processor, a minute", unit: "ms", samples: [])
        var memory = Figure(benchmark: "idle", name: "memory", unit: "MB", samples: [], target: .atMost(40))
        let spool = try BenchmarkSpool(workplace, configuration: Configuration.steps(1, concurrency: 4))
        let daemon = try spool.start()
        try spool.waitUntilReady()
        // Threads that worked on the first job end after some seconds.
        Clock.sleep(10)
        let (before, cpuBefore) = (daemon.sleeps, daemon.cpuSeconds)
        Clock.sleep(seconds)
        // A thread that started meanwhile counts from zero.
        let count = daemon.sleeps.reduce(0) { $0 + max(0, $1.value - (before[$1.key] ?? 0)) }
        wakeUps.samples.append(Double(count) * 60 / seconds)
        cpu.samples.append((daemon.cpuSeconds - cpuBefore) * 1_000 * 60 / seconds)
        memory.samples.append(daemon.memory("VmRSS"))
        _ = try spool.stop(daemon)
        return [wakeUps, cpu, memory]
    }
}
