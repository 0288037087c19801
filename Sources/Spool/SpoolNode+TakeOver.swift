import Jobs
import SystemPackage

extension SpoolNode {
    /// The jobs in `processing/<dead>/`, of a node whose lock this node holds; in the order of their ids.
    package func jobs(of dead: String) async throws -> [String] {
        try await threads.run { [self] in
            try doing("reading \(SpoolLayout.processing(of: dead))/") { () throws(Errno) in
                try DirectoryListing.names(in: SpoolLayout.processing(of: dead), of: spool.root).sorted()
            }
        }
    }

    /// Takes over one job of a node that died, this one's own former life included.
    ///
    /// The lock that its node held is this node's now. The directory is moved here, the valid history copied to a
    /// new file that replaces the old one (so that a zombie's open file is a dead inode), `claimed` appended with the
    /// next epoch, all synced.
    package func takeOver(_ directoryName: String, of dead: String) async throws -> Claim {
        guard let name = JobName(directoryName) else { return .gone }
        if dead != node, try await !adoptDirectory(name, of: dead) { return .gone }
        return try await takeOver(name, isOwn: dead == node)
    }

    private func adoptDirectory(_ name: JobName, of dead: String) async throws -> Bool {
        try await threads.run { [self] in
            try doing("taking over \(name) of \(dead)") { () throws(Errno) in
                do throws(Errno) {
                    let source = try spool.directory(SpoolLayout.processing(of: dead))
                    try rename(name.description, in: source, to: name.description, in: spool.directory(processing))
                    return true
                } catch .noSuchFileOrDirectory {
                    return false
                }
            }
        }
    }

    private func takeOver(_ name: JobName, isOwn: Bool) async throws -> Claim {
        // The former life of this node is certainly dead: its lock went with its last descriptor. Its own file is safe.
        if !isOwn { try await renewHistory(of: name) }
        let (job, records): (OwnedJob, [HistoryRecord])
        do {
            (job, records) = try await threads.run { [self] in try open(name) }
        } catch let error as SpoolError {
            return .unreadable(name, reason: "\(error)")
        }
        let replay = job.replay
        switch replay.life.state {
        case .absent: return try await undoAccept(of: name, in: job.directory)
        case .waiting, .running:
            try await finishAccept(job)
            let (record, _) = try await commit(.claim(node: node, .recovery), on: job)
            return .owned(job, records + [record])
        default: return try await settle(job, records)
        }
    }

    private func renewHistory(of name: JobName) async throws {
        let (directory, file) = try await threads.run { [self] in
            try doing("copying the history of \(name)") { () throws(Errno) in
                let directory = try fileSystem.open(name.description, in: spool.directory(processing), .directory)
                let bytes = try fileSystem.contents(ofFileNamed: SpoolLayout.history, in: directory) ?? []
                let valid = Array(bytes.prefix(HistoryContents(bytes).validLength))
                let file = try fileSystem.replaceFile(Self.newHistory, in: directory, with: valid)
                return (directory, file)
            }
        }
        try await durability.sync(files: [file])
        try await threads.run { [self] in
            try doing("replacing the history of \(name)") { () throws(Errno) in
                try fileSystem.rename(Self.newHistory, in: directory, to: SpoolLayout.history, in: directory)
            }
        }
        try await durability.sync(directories: [directory, threads.run { [self] in try spool.directory(processing) }])
    }

    private static let newHistory = "history.jsonl.new"
}
