import Documents
package import Jobs
import SystemPackage

/// Where a job's directory was found.
package struct JobLocation: Sendable, Equatable {
    package var job: JobName
    /// Relative to the spool, such as `done/2026-11-24`.
    package var directory: String
    /// Its name in there, which in `deferred/` begins with the due time.
    package var entry: String

    package init(job: JobName, directory: String, entry: String) {
        (self.job, self.directory, self.entry) = (job, directory, entry)
    }

    package var path: String { "\(directory)/\(entry)" }

    /// Whether a job with this history belongs here; an active job may be in any node's `processing/`.
    package func fits(_ life: JobLife) -> Bool {
        let node = directory.hasPrefix("\(SpoolLayout.processing)/") ? String(directory.dropFirst(11)) : ""
        let place = SpoolLayout.location(of: job, in: life.place, node: node)
        return place.directory == directory && place.name == entry
    }
}

extension SpoolRoot {
    /// The directories that hold jobs: of every node, and of every day.
    package func jobDirectories() throws(SpoolError) -> [String] {
        try doing("reading the spool \(path)") { () throws(Errno) in
            var directories = [SpoolLayout.deferred, SpoolLayout.held]
            for parent in [SpoolLayout.processing, SpoolLayout.failed, SpoolLayout.done] {
                let names = try DirectoryListing.names(in: parent, of: root)
                let visible = names.filter { !$0.hasPrefix(".") }
                directories += visible.sorted(by: >).map { "\(parent)/\($0)" }
            }
            return directories
        }
    }

    /// The jobs in one of ``jobDirectories()``, in no order; empty when it is gone.
    package func jobs(in directory: String) throws(SpoolError) -> [JobLocation] {
        try doing("reading \(directory)/") { () throws(Errno) in
            try DirectoryListing.names(in: directory, of: root).compactMap { entry in
                let job = directory == SpoolLayout.deferred ? SpoolLayout.deferredName(entry)?.job : JobName(entry)
                return job.map { JobLocation(job: $0, directory: directory, entry: entry) }
            }
        }
    }

    /// Searches the directories for jobs whose name matches; a job that moves meanwhile may come twice.
    package func findJobs(where matches: (JobName) -> Bool) throws(SpoolError) -> [JobLocation] {
        var found: [JobLocation] = []
        for directory in try jobDirectories() { found += try jobs(in: directory).filter { matches($0.job) } }
        return found
    }

    /// Searches the directories for jobs by their ids; the result has no entry for a job that is in none.
    package func findJobs(_ ids: Set<JobID>) throws(SpoolError) -> [JobID: JobLocation] {
        var found: [JobID: JobLocation] = [:]
        for directory in try jobDirectories() {
            if found.count == ids.count { break }
            for location in try jobs(in: directory) where ids.contains(location.job.id) {
                found[location.job.id] = location
            }
        }
        return found
    }

    /// Searches for a job by its exact name, with one call per directory; nil when it is in none.
    package func locate(_ job: JobName) throws(SpoolError) -> JobLocation? {
        for directory in try jobDirectories() {
            if directory == SpoolLayout.deferred {
                if let location = try jobs(in: directory).first(where: { $0.job == job }) { return location }
                continue
            }
            let location = JobLocation(job: job, directory: directory, entry: job.description)
            let isThere = try doing("looking for \(job)") { () throws(Errno) in
                try fileSystem.exists(location.path, in: root)
            }
            if isThere { return location }
        }
        return nil
    }

    /// Reads a job's history where it lies; nil when it is gone from there.
    package func history(of location: JobLocation) throws(SpoolError) -> HistoryContents? {
        try doing("reading the history of \(location.job)") { () throws(Errno) in
            do throws(Errno) {
                let directory = try fileSystem.open(location.path, in: root, .jobDirectory)
                let bytes = try fileSystem.contents(ofFileNamed: SpoolLayout.history, in: directory) ?? []
                return HistoryContents(bytes)
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
    }

    /// Replays a job's history where it lies, record by record; nil when it is gone from there.
    ///
    /// - Parameter show: Called with the whole history part by part.
    package func replay(
        of location: JobLocation,
        show: StreamingReplay.Show? = nil
    ) throws(SpoolError) -> (replay: JobReplay, defect: HistoryReader.Defect?)? {
        try doing("reading the history of \(location.job)") { () throws(Errno) in
            var fold = StreamingReplay(of: location.job, show: show)
            do throws(Errno) {
                let directory = try fileSystem.open(location.path, in: root, .jobDirectory)
                try fold.read(fileSystem.openPlain(SpoolLayout.history, in: directory), fileSystem)
            } catch .noSuchFileOrDirectory {
                if try !fileSystem.exists(location.path, in: root) { return nil }
            }
            if !fold.rest.isEmpty { show?(fold.replay, fold.rest) }
            return (fold.replay, fold.reader.defect)
        }
    }

    /// Reads a file of a job, such as `result.json`; nil when it is not there.
    package func contents(of file: String, in location: JobLocation) throws(SpoolError) -> [UInt8]? {
        try doing("reading \(location.path)/\(file)") { () throws(Errno) in
            do throws(Errno) {
                let directory = try fileSystem.open(location.path, in: root, .jobDirectory)
                return try fileSystem.contents(ofFileNamed: file, in: directory)
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
    }

    /// The notes beside rejected drops.
    package func rejectionNotes() throws(SpoolError) -> [RejectionNote] {
        try doing("reading \(SpoolLayout.rejected)/") { () throws(Errno) in
            var notes: [RejectionNote] = []
            for day in try DirectoryListing.names(in: SpoolLayout.rejected, of: root) where !day.hasPrefix(".") {
                let path = "\(SpoolLayout.rejected)/\(day)"
                for name in try DirectoryListing.names(in: path, of: root) where name.hasSuffix(RejectionNote.ending) {
                    if let note = try rejectionNote(name, in: directory(path)) { notes.append(note) }
                }
            }
            return notes
        }
    }

    /// The note of that name; nil for a rejected drop that is only named like a note.
    ///
    /// A note without its drop does not count: it is written first, and a crash then took the drop back to its inbox.
    /// If it counted, the drop could not keep its id.
    func rejectionNote(_ name: String, in day: OpenFile) throws(Errno) -> RejectionNote? {
        if try fileSystem.exists(name + RejectionNote.ending, in: day) { return nil }
        if try !fileSystem.exists(String(name.dropLast(RejectionNote.ending.count)), in: day) { return nil }
        do throws(Errno) {
            let bytes = try fileSystem.contents(of: fileSystem.openPlain(name, in: day), limit: RejectionNote.sizeMax)
            return bytes.count > RejectionNote.sizeMax ? nil : RejectionNote(fileName: name, bytes)
        } catch .isDirectory, .notSupported, .tooManySymbolicLinkLevels, .noSuchFileOrDirectory, .permissionDenied {
            return nil
        }
    }

    /// The queues that have an inbox, sorted.
    package func inboxes() throws(SpoolError) -> [String] {
        try doing("reading inbox/") { () throws(Errno) in
            try DirectoryListing.names(in: SpoolLayout.inbox, of: root).filter(SpoolLayout.isValidName).sorted()
        }
    }
}
