package import Documents
import Glibc
package import Jobs
import Synchronization
import SystemPackage
package import Threads

/// One node's operations on a spool: accept, claim, commit and take over, each one function with its syscalls in order.
package final class SpoolNode: Sendable {
    package let spool: SpoolRoot
    package let node: String
    package let durability: Durability
    /// The preferred executor of tasks that make many syscalls.
    package let threads: WorkerThreads
    let clock: WallClock
    let identifiers: JobIDGenerator
    /// Held while a drop is taken back and its directory removed: a new claim under its id must not find both.
    let takingBack = Mutex(())
    let openWriters = OpenWriters()
    let openJobs: OpenJobs
    var fileSystem: any FileSystem { spool.fileSystem }

    /// The default for the most jobs with open files.
    package static let openJobsMax = 512

    /// - Parameters:
    ///   - timer: Times the closing of unused files.
    ///   - openJobsMax: The most jobs with open files.
    package init(
        spool: SpoolRoot,
        node: String,
        durability: Durability,
        threads: WorkerThreads,
        clock: WallClock,
        identifiers: JobIDGenerator,
        timer: any Clock<Duration> = ContinuousClock(),
        openJobsMax: Int = SpoolNode.openJobsMax
    ) {
        openJobs = OpenJobs(max: openJobsMax, fileSystem: spool.fileSystem, durability: durability, timer: timer)
        self.spool = spool
        self.node = node
        self.durability = durability
        self.threads = threads
        self.clock = clock
        self.identifiers = identifiers
    }

    var processing: String { SpoolLayout.processing(of: node) }

    /// The next drop's place in its queue: after all earlier ones.
    package func nextTurn() -> JobID { identifiers.next() }

    /// Makes all later turns follow this one, which an earlier run gave.
    package func pass(_ turn: JobID) { identifiers.pass(turn) }

    /// Makes the node's own directory and those of `queues`, where they are missing; synced when it returns.
    package func prepare(queues: [String]) async throws {
        let changed = try await threads.run { [self] in
            try doing("preparing \(spool.path)") { () throws(Errno) in
                var changed = [spool.root]
                for (name, mode) in SpoolLayout.directories {
                    try fileSystem.ensureDirectory(name, in: spool.root, mode: mode)
                }
                if try fileSystem.ensureDirectory(processing, in: spool.root, mode: 0o700) {
                    changed.append(try spool.directory(SpoolLayout.processing))
                }
                for queue in queues {
                    let name = SpoolLayout.inbox(of: queue)
                    if try fileSystem.ensureDirectory(name, in: spool.root, mode: 0o755) {
                        changed.append(try spool.directory(SpoolLayout.inbox))
                    }
                }
                return changed
            }
        }
        try await durability.sync(directories: changed)
    }

    /// The drop of a job, at most `limit` bytes and one more.
    package func drop(of job: OwnedJob, limit: Int = .max) async throws -> [UInt8] {
        if let bytes = job.takeFreshDrop() { return bytes }
        let entry = job.withAcceptance { $0?.file ?? "" }
        return try await withFiles(of: job) { files in
            try await threads.run { [self] in
                try doing("reading \(entry) of \(job.name)") { () throws(Errno) in
                    try fileSystem.contents(of: fileSystem.open(entry, in: files.directory, .read), limit: limit)
                }
            }
        }
    }

    /// The drop of a job, opened to be read in pieces.
    package func openDrop(of job: OwnedJob) async throws -> OpenFile {
        let entry = job.acceptance?.file ?? ""
        return try await withFiles(of: job) { files in
            try await threads.run { [self] in
                try doing("reading \(entry) of \(job.name)") { () throws(Errno) in
                    try fileSystem.open(entry, in: files.directory, .read)
                }
            }
        }
    }

    /// Reads a part of a file of a job, shorter at the file's end.
    package func read(_ file: OpenFile, at offset: Int, count: Int, of job: OwnedJob) async throws -> [UInt8] {
        try await threads.run { [self] in
            try doing("reading a file of \(job.name)") { () throws(Errno) in
                try fileSystem.read(file, at: offset, count: count)
            }
        }
    }

    /// The last outcome of a step, read again from the history; nil when it has none.
    package func outcome(of step: String, of job: OwnedJob) async throws -> JobEvent? {
        guard let place = job.entry(of: step)?.outcomePlace else { return nil }
        let line = try await withFiles(of: job) { files in
            try await read(files.history, at: place.lowerBound, count: place.count, of: job)
        }
        return HistoryRecord(line: line)?.event
    }

    // MARK: Commit

    /// Appends a record and carries out what follows from it, in the order of docs/job-life.md, section 3.
    ///
    /// When it returns, the record is durable; where the command moves the job, the directory is in its new place, both
    /// parents are synced, and the job is no longer this node's.
    ///
    /// - Returns: The record, and what the history says now, with only an excerpt of its steps.
    /// - Throws: `IllegalTransition`, ``SpoolError``, ``SyncFailure``.
    @discardableResult
    package func commit(_ command: JobCommand, on job: OwnedJob) async throws -> (HistoryRecord, JobReplay) {
        let now = clock.now
        return try await withFiles(of: job) { files in
            let (record, replay, destination, results, changed, length) = try await threads.run { [self] in
                try job.state.withLock { state in
                    let transition = try state.replay.life.decide(command, at: now)
                    let (record, replay) = try append(transition.event, to: job, files, &state, at: now)
                    let isRetry = if case .retry = command { true } else { false }
                    if isRetry { try removeResult(of: job, files) }
                    var results = transition.endsJob ? try writeResult(of: job, files, state.replay) : []
                    if case .held(let hold) = transition.event, let request = hold.approval {
                        results.append(try write(request, of: job, files))
                    }
                    // The directory's entries change only where a result was written or removed.
                    var changed = isRetry || !results.isEmpty ? [files.directory] : []
                    if transition.destination != nil, let mark = try makeDeliveryMark(for: state.replay) {
                        results.append(mark.file)
                        changed += mark.directories
                    }
                    return (record, replay, transition.destination, results, changed, state.length)
                }
            }
            try await durability.sync(files: [files.history] + results, directories: changed)
            job.noteSynced(length)
            if let destination, destination != .processing { try await move(job, to: destination) }
            return (record, replay)
        }
    }

    /// Appends a record about a step without effects outside; if a crash loses the record, the step only runs again.
    package func note(_ event: JobEvent, on job: OwnedJob) async throws -> (HistoryRecord, JobReplay) {
        let now = clock.now
        return try await withFiles(of: job) { files in
            try await threads.run { [self] in
                try job.state.withLock { state in
                    let transition = try state.replay.life.decide(.step(event), at: now)
                    return try append(transition.event, to: job, files, &state, at: now)
                }
            }
        }
    }

    /// Appends one record with one write; a partial write is cut off again.
    func append(
        _ event: JobEvent,
        to job: OwnedJob,
        _ files: JobFiles,
        _ state: inout OwnedJob.State,
        at now: Timestamp
    ) throws(SpoolError) -> (HistoryRecord, JobReplay) {
        func failure(_ cause: Errno, advice: String? = nil) -> SpoolError {
            SpoolError("appending to the history of \(job.name)", cause, advice: advice)
        }
        if state.isClosed { throw failure(.badFileDescriptor, advice: "The job is no longer this node's") }
        let record = state.replay.life.record(event, at: now)
        var chain = state.chain
        let line = chain.seal(record)
        do throws(Errno) {
            let written = try fileSystem.write(line[...], to: files.history, at: nil)
            // A short write is a failure that a write of the rest would report; no record is written in two parts.
            if written < line.count { throw .noSpace }
        } catch {
            do throws(Errno) {
                try fileSystem.truncate(files.history, to: state.length)
            } catch {
                state.isClosed = true
            }
            throw failure(error)
        }
        state.chain = chain
        state.replay.apply(record, at: state.length..<(state.length + line.count))
        state.length += line.count
        return (record, state.replay.excerpt(for: record))
    }

    func writeResult(of job: OwnedJob, _ open: JobFiles, _ replay: JobReplay) throws(SpoolError) -> [OpenFile] {
        let document = ResultDocument(replay)
        return try doing("writing the result of \(job.name)") { () throws(Errno) in
            let result = try fileSystem.open(SpoolLayout.result, in: open.directory, .replace)
            try document.write { piece throws(Errno) in try fileSystem.writeAll(piece, to: result) }
            var files = [result]
            if let text = document.errorText {
                files.append(try fileSystem.replaceFile(SpoolLayout.error, in: open.directory, with: Array(text.utf8)))
            }
            return files
        }
    }

    /// Writes the approval request for a person to read; what counts is in the history.
    func write(_ request: ApprovalRequest, of job: OwnedJob, _ files: JobFiles) throws(SpoolError) -> OpenFile {
        try doing("writing \(SpoolLayout.approval) of \(job.name)") { () throws(Errno) in
            try fileSystem.replaceFile(
                SpoolLayout.approval,
                in: files.directory,
                with: Array((request.json.indentedText + "\n").utf8)
            )
        }
    }

    func removeResult(of job: OwnedJob, _ files: JobFiles) throws(SpoolError) {
        try doing("removing the old result of \(job.name)") { () throws(Errno) in
            try fileSystem.removeIfPresent(SpoolLayout.result, in: files.directory)
            try fileSystem.removeIfPresent(SpoolLayout.error, in: files.directory)
        }
    }

    /// Renames the directory to where it belongs and syncs both parents.
    func move(_ job: OwnedJob, to place: Place) async throws {
        let target = SpoolLayout.location(of: job.name, in: place, node: node)
        let parents = try await threads.run { [self] in
            try doing("moving \(job.name) to \(target.directory)/") { () throws(Errno) in
                let source = try spool.directory(processing)
                let (destination, changed) = try spool.ensuredDirectory(target.directory)
                try rename(job.name.description, in: source, to: target.name, in: destination)
                job.state.withLock { $0.isClosed = true }
                return [source, destination] + changed
            }
        }
        try await durability.sync(directories: parents)
    }

    /// Renames; after an error it looks whether the rename took place all the same (docs/filesystem-rules.md, rule 18).
    func rename(
        _ name: String,
        in source: OpenFile,
        to target: String,
        in destination: OpenFile
    ) throws(Errno) {
        do {
            try fileSystem.rename(name, in: source, to: target, in: destination)
        } catch {
            let isThere = try fileSystem.exists(target, in: destination)
            let isGone = try !fileSystem.exists(name, in: source)
            if !isThere || !isGone { throw error }
        }
    }
}

extension SpoolNode {
    /// Runs blocking work on the spool's threads.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await threads.run(body)
    }

    /// Whether the spool lies on a filesystem of this machine alone, where a free lock proves that its holder is dead
    /// and inotify reports every change.
    package var isLocal: Bool { spool.isLocal }
}
