import Documents
import Glibc
import Jobs
import Logging
import Testing

@testable import Telemetry

@Suite("The log pipeline")
struct LogPipelineTests {
    @Test("The pipeline keeps the order of entries")
    func order() async {
        let destination = RecordingDestination()
        let pipeline = LogPipeline(destination: destination, clock: .standing)
        let logger = pipeline.logger(label: "test")
        for number in 0..<5_000 { logger.info("\(number)") }
        #expect(await pipeline.flush(within: ample))
        #expect(destination.entries.map(\.message) == (0..<5_000).map(String.init))
        #expect(pipeline.lost == 0)
    }

    @Test("The pipeline keeps the order of each logger when many log at once")
    func manyLoggers() async {
        let destination = RecordingDestination()
        let pipeline = LogPipeline(destination: destination, capacity: 100_000, clock: .standing)
        await withDiscardingTaskGroup { group in
            for task in 0..<8 {
                let logger = pipeline.logger(label: "\(task)")
                group.addTask { for number in 0..<1_000 { logger.info("\(number)") } }
            }
        }
        #expect(await pipeline.flush(within: ample))
        for task in 0..<8 {
            let messages = destination.entries.filter { $0.label == "\(task)" }.map(\.message)
            #expect(messages == (0..<1_000).map(String.init))
        }
    }

    @Test("A full pipeline drops the oldest entries, counts them, and says once where they are missing")
    func overflow() async {
        let destination = BlockedDestination()
        let pipeline = LogPipeline(destination: destination, capacity: 4, clock: .standing)
        let logger = pipeline.logger(label: "test")
        logger.info("first")
        await destination.waitUntilBlocked()
        for number in 1...10 { logger.info("\(number)") }
        #expect(pipeline.lost == 6)
        destination.open()
        #expect(await pipeline.flush(within: ample))
        logger.info("later")
        #expect(await pipeline.flush(within: ample))
        let note = "6 log entries are missing here, because the log did not take them fast enough"
        #expect(destination.entries.map(\.message) == ["first", note, "7", "8", "9", "10", "later"])
        #expect(destination.entries[1].fields == [LogEntry.Field("lost", "6")])
        #expect(pipeline.lost == 6)
    }

    @Test("Entries that the destination does not take are counted, and reported when it takes entries again")
    func refusal() async {
        let destination = RefusingDestination(1)
        let pipeline = LogPipeline(destination: destination, clock: .standing)
        let logger = pipeline.logger(label: "test")
        logger.info("first")
        #expect(await pipeline.flush(within: ample))
        #expect(pipeline.lost == 1)
        logger.info("second")
        #expect(await pipeline.flush(within: ample))
        #expect(destination.entries.map { $0.fields.first?.value } == ["1", nil])
        #expect(pipeline.lost == 1)
    }

    @Test("A loss is not forgotten when its note is refused too")
    func refusedNote() async {
        let destination = RefusingDestination(3)
        let pipeline = LogPipeline(destination: destination, clock: .standing)
        let logger = pipeline.logger(label: "test")
        for message in ["lost", "lost too", "arrives"] {
            logger.info("\(message)")
            #expect(await pipeline.flush(within: ample))
        }
        #expect(destination.entries.map { $0.fields.first?.value } == ["2", nil])
        #expect(pipeline.lost == 2)
    }

    @Test("A flush waits no longer than its limit")
    func flushEnds() async {
        let destination = BlockedDestination()
        let pipeline = LogPipeline(destination: destination, clock: .standing)
        #expect(await pipeline.flush(within: .zero))
        pipeline.logger(label: "test").info("stuck")
        await destination.waitUntilBlocked()
        #expect(await pipeline.flush(within: .milliseconds(1)) == false)
        destination.open()
        #expect(await pipeline.flush(within: ample))
    }

    @Test("A flush in a cancelled task waits, too, because the program ends in one")
    func flushIgnoresCancellation() async {
        let destination = BlockedDestination()
        let pipeline = LogPipeline(destination: destination, clock: .standing)
        pipeline.logger(label: "test").info("entry")
        await destination.waitUntilBlocked()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await pipeline.flush(within: ample)
        }
        destination.open()
        #expect(await task.value)
    }

    @Test("A full pipe blocks no caller, and the pipeline survives the end of its reader")
    func fullPipe() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[1]) }
        try fill(ends[1])
        let destination = TextDestination(descriptor: ends[1])
        let pipeline = LogPipeline(destination: destination, capacity: 100, clock: .standing)
        let logger = pipeline.logger(label: "test")
        for number in 0..<20_000 { logger.info("\(number)") }
        #expect(await pipeline.flush(within: .milliseconds(1)) == false)
        // An entry that is not lost waits, or is in the batch that the writer holds.
        #expect(pipeline.lost >= 20_000 - 100 - UInt64(LogQueue.batchLimit))
        close(ends[0])
        #expect(await pipeline.flush(within: ample))
        #expect(pipeline.lost == 20_000)
    }

    @Test("Waiting lines are written together, as long as a pipe keeps them in one piece")
    func joined() throws {
        // A socket that keeps writes apart, as a pipe does not.
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let entries = (0..<64).map { number in
            LogEntry(
                at: WallClock.standing.now,
                level: .info,
                message: "\(number) " + String(repeating: "x", count: number == 40 ? 9_000 : 60),
                fields: [],
                label: "test"
            )
        }
        #expect(TextDestination(descriptor: ends[1]).write(entries) == 0)
        var buffer = [UInt8](repeating: 0, count: 100_000)
        var (all, writes) = ("", [Int]())
        while true {
            let count = recv(ends[0], &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count <= 0 { break }
            writes.append(count)
            all += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        let numbers = all.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst(2).first }
        #expect(numbers == (0..<64).map { Substring(String($0)) })
        #expect(writes.count == 3, "\(writes)")
        #expect(writes.filter { $0 > Int(PIPE_BUF) }.count == 1)
    }

    /// Fills the pipe.
    private func fill(_ pipe: Int32) throws {
        try #require(fcntl(pipe, F_SETFL, O_NONBLOCK) == 0)
        while write(pipe, "x", 1) == 1 {}
        try #require(errno == EAGAIN)
        try #require(fcntl(pipe, F_SETFL, 0) == 0)
    }

    @Test("Every entry is written when the pipeline and its loggers are gone")
    func endWritesAll() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        do {
            let pipeline = LogPipeline(destination: TextDestination(descriptor: ends[1]), clock: .standing)
            pipeline.logger(label: "test").notice("last words", metadata: ["job": "1"])
        }
        var buffer = [UInt8](repeating: 0, count: 1_000)
        let count = read(ends[0], &buffer, buffer.count)
        #expect(
            String(decoding: buffer.prefix(count), as: UTF8.self)
                == "2026-11-23T07:00:00.123Z notice   last words  job=1\n"
        )
    }
}
