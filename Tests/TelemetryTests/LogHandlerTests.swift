import Documents
import Glibc
import Jobs
import Logging
import Testing

@testable import Telemetry

@Suite("A logger of the pipeline")
struct LogHandlerTests {
    @Test("A logger has metadata and level as values")
    func valueSemantics() {
        let pipeline = LogPipeline(destination: RecordingDestination(), clock: .standing)
        var first = pipeline.logger(label: "first")
        first.logLevel = .debug
        first[metadataKey: "job"] = "1"
        var second = first
        second.logLevel = .error
        second[metadataKey: "job"] = "2"
        #expect(first.logLevel == .debug)
        #expect(second.logLevel == .error)
        #expect(first[metadataKey: "job"] == "1")
        #expect(second[metadataKey: "job"] == "2")
    }

    @Test("A logger follows the pipeline's level until it has its own")
    func level() async {
        let destination = RecordingDestination()
        let pipeline = LogPipeline(destination: destination, level: .notice, clock: .standing)
        let follower = pipeline.logger(label: "follower")
        var own = pipeline.logger(label: "own")
        own.logLevel = .error
        follower.info("too small")
        pipeline.level = .trace
        follower.trace("now large enough")
        own.warning("too small for its own level")
        own.error("large enough")
        #expect(await pipeline.flush(within: ample))
        #expect(destination.entries.map(\.message) == ["now large enough", "large enough"])
    }

    @Test("A logger passes on time, level, place, metadata and error of the call")
    func entry() async throws {
        struct Problem: Error, CustomStringConvertible { var description: String { "no space left" } }
        let destination = RecordingDestination()
        let pipeline = LogPipeline(destination: destination, clock: .standing)
        var logger = pipeline.logger(label: "agentspool.spool")
        logger[metadataKey: "node"] = "a"
        let line: UInt = #line + 1
        logger.error("sync failed", error: Problem(), metadata: ["job": "01K"])
        #expect(await pipeline.flush(within: ample))
        let entry = try #require(destination.entries.first)
        let expected = LogEntry(
            at: WallClock.standing.now,
            level: .error,
            message: "sync failed",
            fields: [
                LogEntry.Field("job", "01K"), LogEntry.Field("node", "a"), LogEntry.Field("failure", "no space left"),
            ],
            label: "agentspool.spool",
            line: line
        )
        #expect(entry == expected)
    }
}

@Suite("The choice of the destination")
struct DestinationChoiceTests {
    private func stream(of descriptor: Int32) throws -> String {
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        return "\(status.st_dev):\(status.st_ino)"
    }

    @Test("JOURNAL_STREAM counts only when it names the descriptor")
    func journalStream() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let own = try stream(of: ends[1])
        func isConnected(_ value: String?) -> Bool {
            JournalStream.isConnected(environment: value.map { ["JOURNAL_STREAM": $0] } ?? [:], descriptor: ends[1])
        }
        #expect(isConnected(own))
        for other in [nil, "", "1", "1:1", own + ":", ":" + own, "-" + own, "x:y"] { #expect(!isConnected(other)) }
        #expect(!JournalStream.isConnected(environment: ["JOURNAL_STREAM": own], descriptor: -1))
    }

    @Test("The destination is text without JOURNAL_STREAM, and the journal only where its socket is")
    func choice() throws {
        #expect(LogPipeline.destination(environment: [:]) is TextDestination)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let environment = ["JOURNAL_STREAM": try stream(of: ends[1])]
        let destination = LogPipeline.destination(environment: environment, descriptor: ends[1])
        #expect(destination is JournalDestination == JournalDestination.isPresent)
    }
}
