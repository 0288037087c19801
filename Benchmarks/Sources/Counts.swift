import Foundation
import Glibc

/// What a job costs that no other processor changes: system calls, instructions, allocations, changes of thread, bytes.
///
/// Each is the difference between two drains, of which one has a thousand jobs more: what the start costs is in both.
enum Counts {
    private static let fewer = 500

    /// One drain: what its tracer wrote, and what the kernel says of the daemon.
    private struct Seen {
        var trace: String
        var log: String
        var written: Int
        var sleeps: Int
    }

    static func measure(_ workplace: Workplace) throws -> [Figure] {
        for tool in ["strace", "valgrind"] where Child.find(tool) == nil {
            throw Child.Failed(description: "\(tool) is not installed; make bench installs it")
        }
        let more = workplace.count(1_000, quick: 200)
        var figures: [Figure] = []
        func add(_ name: String, _ unit: String, _ counts: [Double], _ target: Figure.Target? = nil) {
            figures.append(
                Figure(
                    benchmark: "counts",
                    name: name + ", a job",
                    unit: unit,
                    samples: [(counts[1] - counts[0]) / Double(more)],
                    durability: "synced",
                    target: target
                )
            )
        }
        let sizes = [fewer, fewer + more]
        let calls = try sizes.map {
            systemCalls(try drain(workplace, $0, under: ["strace", "-f", "-c", "-U", "name,calls", "-o"]).trace)
        }
        add("system calls", "", calls.map { Double($0.values.reduce(0, +)) }, .atMost(24))
        for name in calls[1].sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).map(\.key) {
            let counts = calls.map { Double($0[name] ?? 0) }
            if counts[1] - counts[0] >= Double(more) / 10 { add(name, "", counts) }
        }
        let plain = try sizes.map { try drain(workplace, $0) }
        add("changes of thread", "", plain.map { Double($0.sleeps) })
        add("written", "bytes", plain.map { Double($0.written) })
        // valgrind 3.19 cannot read this compiler's debugging information.
        let stripped = workplace.newPath()
        try Child.run(["strip", "-o", stripped, workplace.program])
        let grind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        let counted = try sizes.map { try drain(workplace, $0, under: grind, stripped).log }
        add("user instructions", "thousand", try counted.map { try number(after: "Collected : ", $0) / 1_000 })
        let check = ["valgrind", "--tool=memcheck", "--undef-value-errors=no"]
        let heap = try sizes.map { try drain(workplace, $0, under: check, stripped).log }
        add("allocations", "", try heap.map { try number(after: "total heap usage: ", $0) })
        return figures
    }

    /// - Parameter tracer: A program that runs the daemon; when it ends with `-o`, the file that it writes follows.
    private static func drain(
        _ workplace: Workplace,
        _ jobs: Int,
        under tracer: [String] = [],
        _ program: String? = nil
    ) throws -> Seen {
        let configuration = Configuration.steps(1, concurrency: Drain.concurrency)
        let spool = try BenchmarkSpool(workplace, configuration: configuration)
        try spool.drop(jobs)
        let trace = spool.path + ".trace"
        let command = tracer.last == "-o" ? tracer + [trace] : tracer
        let daemon = try spool.start(["--drain"], under: command, program)
        let written = daemon.bytesWritten()
        let usage = daemon.wait()
        guard usage.status == 0, spool.finished == jobs else {
            throw Child.Failed(description: "\(spool.finished) of \(jobs) jobs are done: \(spool.logEnd)")
        }
        let text = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
        return Seen(trace: text, log: spool.logEnd, written: written, sleeps: usage.sleeps)
    }

    /// The calls of a summary of strace(1) by name, without its total.
    private static func systemCalls(_ summary: String) -> [String: Int] {
        var calls: [String: Int] = [:]
        for line in summary.split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count == 2, fields[0] != "total", let count = Int(fields[1]) { calls[String(fields[0])] = count }
        }
        return calls
    }

    private static func number(after marker: String, _ log: String) throws -> Double {
        guard let range = log.range(of: marker) else {
            throw Child.Failed(description: "valgrind says nothing of \"\(marker)\": \(log)")
        }
        let digits = log[range.upperBound...].prefix { $0.isNumber || $0 == "," || $0 == " " }.filter(\.isNumber)
        return Double(digits) ?? 0
    }
}
