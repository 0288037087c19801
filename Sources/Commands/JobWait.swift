import ArgumentParser
import Documents
import Jobs
import Spool

/// Waits for a job to end, by polling the directories where it can lie.
struct JobWait {
    private let spool: SpoolRoot
    private let options: SpoolOptions
    /// Nil until the job is found, when only its id is known.
    private var job: JobName?
    private var id: JobID
    /// How often the search by id has found nothing.
    private var misses = 0

    init(spool: SpoolRoot, _ options: SpoolOptions, job: JobName) {
        (self.spool, self.options, self.job, id) = (spool, options, job, job.id)
    }

    init(spool: SpoolRoot, _ options: SpoolOptions, job: JobID) {
        (self.spool, self.options, self.job, id) = (spool, options, nil, job)
    }

    /// The first pause between two polls: a job that ends at once is seen at once.
    private static let firstLook: Duration = .milliseconds(10)
    /// The longest pause: a job that takes minutes is not polled a hundred times a second.
    private static let lookMax: Duration = .milliseconds(500)

    /// Prints the result when the job has ended; for a duplicate, that of the earlier job.
    ///
    /// - Throws: An exit status when the job did not complete.
    func printResult(json: Bool) async throws {
        var wait = self
        var pause = Self.firstLook
        while true {
            if try await wait.isOver(json: json) { return }
            guard try NodeLock.nodes(of: spool).contains(where: \.isAlive) else {
                throw CommandLineError(
                    "no daemon is running on \(spool.path); the job waits in its inbox. Start one with: agentspool run",
                    .unavailable
                )
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 3 / 2, Self.lookMax)
        }
    }

    private mutating func isOver(json: Bool) async throws -> Bool {
        if job == nil { job = try find() }
        guard let job else { return false }
        if let location = try spool.locate(job) {
            guard let (replay, _) = try spool.replay(of: location) else { return false }
            switch replay.life.state {
            case .ended where location.fits(replay.life):
                try await IndexCatchUp(options: options).wait(for: replay.name.id, seq: replay.life.seq)
                try ResultCommand.print(replay, json: json)
                return true
            case .held(let hold):
                throw CommandLineError("the job is held (\(hold.reason.rawValue)): \(hold.message)", .temporary)
            default: return false
            }
        }
        guard let note = try spool.rejectionNote(of: job) else { return false }
        guard let first = note.duplicateOf else {
            throw CommandLineError("the job was rejected: \(note.reason)", .data)
        }
        Terminal.remark("it asks for what job \(first) does: \(note.reason)")
        (self.job, id) = (nil, first)
        return false
    }

    /// Finds the job by its id; a job may move meanwhile, so that only several misses mean that it was removed.
    private mutating func find() throws -> JobName? {
        if let found = try spool.findJobs([id])[id]?.job { return found }
        for queue in try spool.inboxes() {
            let drops = try spool.waitingDrops(of: queue, limit: 1_000).drops.map(\.drop.name)
            let names = drops.compactMap { String(validating: $0, as: UTF8.self).flatMap(JobName.init) }
            if let name = names.first(where: { $0.id == id }) { return name }
        }
        misses += 1
        if misses > 3 { throw CommandLineError("the job \(id) is not in \(spool.path) any more", .noInput) }
        return nil
    }
}
