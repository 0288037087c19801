import Foundation
import Glibc
import Histogram

/// An idle daemon and one drop at a time: from the rename into the inbox to the record that the first step begins.
///
/// Seen from outside by inotify: the job's directory appears under the id in the drop's name, and its history is read
/// at every change until it has that record.
enum Latency {
    static func measure(_ workplace: Workplace) throws -> [Figure] {
        let drops = workplace.count(400, quick: 40)
        var figures = [("p50", 1.0), ("p99", 5.0), ("max", nil)].map { name, bound in
            Figure(
                benchmark: "latency",
                name: "drop to first step, \(name)",
                unit: "ms",
                samples: [],
                durability: "synced",
                target: bound.map { .atMost($0) }
            )
        }
        let spool = try BenchmarkSpool(workplace, configuration: Configuration.steps(1, concurrency: 4))
        let daemon = try spool.start()
        try spool.waitUntilReady()
        let histogram = try microseconds(spool, drops)
        _ = try spool.stop(daemon)
        let values = [histogram.valueAtPercentile(50), histogram.valueAtPercentile(99), histogram.max]
        for index in figures.indices { figures[index].samples.append(Double(values[index]) / 1_000) }
        return figures
    }

    private static func microseconds(_ spool: BenchmarkSpool, _ drops: Int) throws -> Histogram<UInt64> {
        var histogram = Histogram<UInt64>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
        for number in 1...drops {
            let name = identifier(number) + "-\(number).json"
            let day = spool.entries("done").first ?? ""
            let watch = try JobWatch(
                processing: "\(spool.path)/processing/bench",
                done: "\(spool.path)/done/\(day)",
                job: name
            )
            let staged = "\(spool.path)/tmp/\(name)"
            try "{\"input\":{\"n\":\(number)}}\n".write(toFile: staged, atomically: false, encoding: .utf8)
            let start = Clock.now
            guard rename(staged, "\(spool.path)/inbox/default/\(name)") == 0 else {
                throw Child.Failed(description: "cannot drop \(name)")
            }
            let begun = try watch.waitForFirstStep()
            histogram.record(UInt64((begun - start) * 1e6))
            // The daemon is to be idle when the next drop comes.
            try spool.wait("the end of \(name)") { spool.finished == number + 1 }
            Clock.sleep(0.005)
        }
        return histogram
    }

    /// A ULID with a future time, so that it differs from each of the daemon's own.
    private static func identifier(_ number: Int) -> String {
        let digits = String(number)
        return "02" + String(repeating: "0", count: 24 - digits.count) + digits
    }
}

/// Waits for a job's history to say that a step has begun.
private final class JobWatch {
    private let descriptor: Int32
    private let directory: String
    /// Where the job lies after its end.
    private let done: String
    private let job: String

    init(processing: String, done: String, job: String) throws {
        (directory, self.done, self.job) = ("\(processing)/\(job)", "\(done)/\(job)", job)
        descriptor = inotify_init1(Int32(IN_CLOEXEC))
        guard descriptor >= 0, inotify_add_watch(descriptor, processing, UInt32(IN_CREATE | IN_MOVED_FROM)) >= 0 else {
            throw Child.Failed(description: "cannot watch \(processing)")
        }
    }

    deinit { close(descriptor) }

    func waitForFirstStep() throws -> Double {
        var isWatched = false
        var waited = 0
        while true {
            if hasBegun { return Clock.now }
            if !isWatched, inotify_add_watch(descriptor, directory, UInt32(IN_MODIFY)) >= 0 {
                isWatched = true
                // No event reports what was written before the watch: look at once.
                continue
            }
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, 1_000) <= 0 {
                waited += 1
                if waited == 30 { throw Child.Failed(description: "\(job) did not begin in 30 s") }
                continue
            }
            var events = [UInt8](repeating: 0, count: 4_096)
            _ = read(descriptor, &events, events.count)
        }
    }

    private var hasBegun: Bool {
        let history = open("\(directory)/history.jsonl", O_RDONLY | O_CLOEXEC)
        // The job has ended before this program got processor time: the sample is too long, and stays so.
        guard history >= 0 else { return access(done, F_OK) == 0 }
        defer { close(history) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = read(history, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).contains("\"step.started\"")
    }
}
