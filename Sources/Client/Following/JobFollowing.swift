package import Jobs
package import Spool

/// Tells what is recorded of one job while it happens, until it has ended.
package struct JobFollowing: Sendable {
    /// A record, and its line as it stands in `history.jsonl`.
    package struct Entry: Sendable {
        package let record: HistoryRecord
        package let line: String
    }

    /// Between two looks at the files.
    private static let pause: Duration = .milliseconds(100)

    private let client: SpoolClient

    package init(_ client: SpoolClient) { self.client = client }

    /// Gives every record from the first one on.
    ///
    /// A daemon that stops and starts again meanwhile makes no gap and no repetition.
    ///
    /// - Returns: The job at its end.
    /// - Throws: ``ClientError``, as ``JobFinder/read(_:)``; temporary when the daemon's API does not come back.
    package func follow(_ text: String, onRecord: (Entry) -> Void) async throws -> JobReplay {
        if let remote = try client.remote() { return try await remote.follow(text, onRecord) }
        let job = try await JobFinder(client).find(text).job
        var history = FollowedHistory(job)
        while true {
            if let lines = try lines(of: job, from: history.offset) {
                guard let entries = history.add(lines) else { continue }
                entries.forEach(onRecord)
            }
            if history.replay.outcome != nil { return history.replay }
            try await client.clock.sleep(for: Self.pause)
        }
    }

    /// The whole lines behind a place in the file; nil when the job is on its way to another directory.
    private func lines(of job: JobName, from offset: Int) throws -> [UInt8]? {
        guard let location = try client.spool.locate(job), let file = try client.spool.openHistory(of: location) else {
            return nil
        }
        return try client.spool.wholeLines(of: file, from: offset, of: job)
    }
}

extension SpoolRoot {
    private static let pieceSize = 256 << 10

    /// The whole lines of a history behind a place in it.
    ///
    /// - Throws: `SpoolError`.
    package func wholeLines(of file: OpenFile, from offset: Int, of job: JobName) throws -> [UInt8] {
        var lines: [UInt8] = []
        while true {
            let piece = try read(file, at: offset + lines.count, count: Self.pieceSize, of: job)
            if piece.isEmpty { break }
            lines += piece
        }
        let end = lines.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return Array(lines.prefix(end))
    }
}
