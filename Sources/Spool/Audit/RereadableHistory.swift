package import Jobs
import SystemPackage

/// A job's history that was read once, to read single records of it again.
package struct RereadableHistory: Sendable {
    private let file: OpenFile
    private let spool: SpoolRoot
    private let job: JobName

    /// Reads a history in pieces; blocking. Nil when the job has left the location.
    ///
    /// - Parameter body: Called with each record and the range of its bytes in the file.
    package init?(
        of location: JobLocation,
        in spool: SpoolRoot,
        _ body: (HistoryRecord, Range<Int>) -> Void
    ) throws(SpoolError) {
        (self.spool, job) = (spool, location.job)
        let fileSystem = spool.fileSystem
        let file = try doing("reading the history of \(location.job)") { () throws(Errno) -> OpenFile? in
            do throws(Errno) {
                let directory = try fileSystem.open(location.path, in: spool.root, .jobDirectory)
                let file = try fileSystem.openPlain(SpoolLayout.history, in: directory)
                var reader = HistoryReader()
                try fileSystem.readPieces(of: file, limit: StreamingReplay.fileMax) { piece throws(Errno) in
                    reader.read(piece, body)
                }
                return file
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
        guard let file else { return nil }
        self.file = file
    }

    /// Reads a record again; blocking.
    package func event(at place: Range<Int>) throws(SpoolError) -> JobEvent? {
        let line = try doing("reading the history of \(job)") { () throws(Errno) in
            try spool.fileSystem.read(file, at: place.lowerBound, count: place.count)
        }
        return HistoryRecord(line: line)?.event
    }
}
