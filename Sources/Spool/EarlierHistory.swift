package import Jobs
import SystemPackage

/// The history of another job, of which finished steps are looked up.
package struct EarlierHistory: Sendable {
    /// What the history says, without its steps.
    package let replay: JobReplay
    private let file: OpenFile
    private let spool: SpoolRoot
    private let job: JobName

    /// Reads a history once, in pieces; blocking. Nil when the job is gone from there.
    ///
    /// - Parameter body: Is shown each step that was finished, with the place of its record.
    package init?(
        of location: JobLocation,
        in spool: SpoolRoot,
        _ body: (StepCompletion, Range<Int>) -> Void
    ) throws(SpoolError) {
        (self.spool, job) = (spool, location.job)
        let fileSystem = spool.fileSystem
        var life = JobReplay(name: location.job)
        let file = try doing("reading the history of \(location.job)") { () throws(Errno) -> OpenFile? in
            do throws(Errno) {
                let directory = try fileSystem.open(location.path, in: spool.root, .directory)
                let file = try fileSystem.open(SpoolLayout.history, in: directory, .read)
                var reader = HistoryReader()
                try fileSystem.readPieces(of: file) { piece throws(Errno) in
                    reader.read(piece) { record, place in
                        switch record.event {
                        case .stepStarted, .stepFailed: break
                        case .stepCompleted(let completion): body(completion, place)
                        default: life.apply(record)
                        }
                    }
                }
                return file
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
        guard let file else { return nil }
        self.file = file
        replay = life
    }

    /// Reads a record again; blocking.
    package func event(at place: Range<Int>) throws(SpoolError) -> JobEvent? {
        let line = try doing("reading the history of \(job)") { () throws(Errno) in
            try spool.fileSystem.read(file, at: place.lowerBound, count: place.count)
        }
        return HistoryRecord(line: line)?.event
    }
}
