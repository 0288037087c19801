package import Jobs
package import Spool

/// A job that was found, with its history as it was read there.
package struct FoundJob: Sendable {
    package let location: JobLocation
    package let history: HistoryContents
    package let replay: JobReplay
    /// What the API said of it; nil for a job whose files were read.
    let remote: Remote?

    /// What a user who may not read the files is told of them.
    struct Remote: Sendable {
        /// The whole lines of `history.jsonl`.
        var bytes: [UInt8]
        /// Whether a running node has claimed the job.
        var isInHand: Bool
    }

    init(location: JobLocation, history: HistoryContents, replay: JobReplay, remote: Remote? = nil) {
        (self.location, self.history, self.replay, self.remote) = (location, history, replay, remote)
    }

    /// The whole lines of `history.jsonl` as they stand in the file.
    ///
    /// - Throws: `SpoolError`.
    package func lines(in spool: SpoolRoot) throws(SpoolError) -> [String] {
        let file = remote == nil ? try spool.contents(of: SpoolLayout.history, in: location) : nil
        let bytes = remote?.bytes ?? file ?? []
        let text = String(decoding: bytes.prefix(history.validLength), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }
}
