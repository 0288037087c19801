package import Documents
package import Jobs
import SystemPackage

/// A defect that an audit found on the spool.
package struct SpoolProblem: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// A record was changed, or a crash cut the last one short.
        case history
        /// The drop is not what was accepted.
        case drop
        /// `result.json` is not what the history says.
        case result
        /// The job's directory is not where its history says.
        case place
        /// The index differs from the files.
        case index
    }

    package var kind: Kind
    package var job: JobName?
    package var message: String
    var location: JobLocation?

    package init(_ kind: Kind, job: JobName?, _ message: String, at location: JobLocation? = nil) {
        (self.kind, self.job, self.message, self.location) = (kind, job, message, location)
    }

    package var isResult: Bool { kind == .result }
    package var isIndex: Bool { kind == .index }

    package var text: String { [job?.description, kind.rawValue, message].compactMap(\.self).joined(separator: ": ") }

    package var json: JSON {
        ["job": JSON(job?.id.text), "kind": .string(kind.rawValue), "message": .string(message)]
    }
}

/// Checks job directories against their own histories.
package struct SpoolAudit: Sendable {
    private let spool: SpoolRoot

    package init(spool: SpoolRoot) { self.spool = spool }

    /// Checks every job.
    ///
    /// - Returns: The problems, and how many jobs were checked. Jobs of a living node are not checked.
    package func allProblems() throws(SpoolError) -> (problems: [SpoolProblem], jobs: Int) {
        var problems: [SpoolProblem] = []
        var count = 0
        let living = try NodeLock.nodes(of: spool).filter(\.isAlive).map { SpoolLayout.processing(of: $0.node) }
        for directory in try spool.jobDirectories() where !living.contains(directory) {
            for location in try spool.jobs(in: directory) {
                count += 1
                do {
                    problems += try self.problems(of: location)
                } catch {
                    // One job that cannot be read does not keep the others from being checked.
                    problems.append(SpoolProblem(.history, job: location.job, "\(error)", at: location))
                }
            }
        }
        return (problems, count)
    }

    /// Checks one job; one that moved away meanwhile has no problems.
    package func problems(of location: JobLocation) throws(SpoolError) -> [SpoolProblem] {
        guard let (replay, defect) = try spool.replay(of: location) else { return [] }
        let job = location.job
        switch defect {
        case .brokenLine(let line):
            return [
                SpoolProblem(.history, job: job, "line \(line) does not fit the chain: it was changed", at: location)
            ]
        case .tornTail(let line):
            return [SpoolProblem(.history, job: job, "line \(line) was cut short; a restart cuts it off", at: location)]
        case nil: break
        }
        guard let acceptance = replay.acceptance else {
            return [SpoolProblem(.history, job: job, "the job was never accepted", at: location)]
        }
        var problems: [SpoolProblem] = []
        if !location.fits(replay.life) {
            let message = "it lies in \(location.directory)/, and its history says that it is \(replay.life.state.name)"
            problems.append(SpoolProblem(.place, job: job, message, at: location))
        }
        if let message = try dropFault(acceptance, location) {
            problems.append(SpoolProblem(.drop, job: job, message, at: location))
        }
        if replay.life.isEnded, try spool.contents(of: SpoolLayout.result, in: location) != Self.result(replay) {
            let message = "\(SpoolLayout.result) is missing or not what the history says"
            problems.append(SpoolProblem(.result, job: job, message, at: location))
        }
        return problems
    }

    private func dropFault(_ acceptance: Acceptance, _ location: JobLocation) throws(SpoolError) -> String? {
        guard let bytes = try spool.contents(of: acceptance.file, in: location) else {
            return "\(acceptance.file) is missing"
        }
        let digest = SHA256.hash(bytes).hexadecimal
        return digest == acceptance.sha256 ? nil : "\(acceptance.file) is not what was accepted"
    }

    /// Writes `result.json` again from the history; durable when this returns.
    package func repairResult(of problem: SpoolProblem) throws(SpoolError) {
        guard let location = problem.location, let (replay, _) = try spool.replay(of: location) else { return }
        try doing("writing \(location.path)/\(SpoolLayout.result)") { () throws(Errno) in
            let fileSystem = spool.fileSystem
            let directory = try fileSystem.open(location.path, in: spool.root, .jobDirectory)
            let file = try fileSystem.open(".\(SpoolLayout.result)", in: directory, .replace)
            try ResultDocument(replay).write { piece throws(Errno) in try fileSystem.writeAll(piece, to: file) }
            try Durability.syncNow(file, fileSystem)
            try fileSystem.rename(".\(SpoolLayout.result)", in: directory, to: SpoolLayout.result, in: directory)
            try Durability.syncNow(directory, fileSystem)
        }
    }

    /// The bytes of `result.json`.
    static func result(_ replay: JobReplay) -> [UInt8] {
        var bytes: [UInt8] = []
        ResultDocument(replay).write { bytes += $0 }
        return bytes
    }
}
