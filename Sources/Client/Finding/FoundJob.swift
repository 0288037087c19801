package import Jobs
package import Spool

/// A job that was found, with its history as it was read there.
package struct FoundJob: Sendable {
    package let location: JobLocation
    package let history: HistoryContents
    package let replay: JobReplay

    /// The whole lines of `history.jsonl` as they stand in the file.
    ///
    /// - Throws: `SpoolError`.
    package func lines(in spool: SpoolRoot) throws(SpoolError) -> [String] {
        let bytes = try spool.contents(of: SpoolLayout.history, in: location) ?? []
        let text = String(decoding: bytes.prefix(history.validLength), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }
}
