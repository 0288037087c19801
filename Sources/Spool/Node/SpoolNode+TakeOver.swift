import Documents
package import Jobs
import SystemPackage
import Threads

extension SpoolNode {
    /// The jobs in `processing/<dead>/`, of a node whose lock this node holds; in the order of their ids.
    package func jobs(of dead: String) async throws -> [String] {
        try await threads.run { [self] in
            try doing("reading \(SpoolLayout.processing(of: dead))/") { () throws(Errno) in
                try DirectoryListing.names(in: SpoolLayout.processing(of: dead), of: spool.root).sorted()
            }
        }
    }

    /// Takes over one job of a dead node, or of this node's own earlier run.
    ///
    /// This node holds the lock of the job's node now. The directory is moved here, the valid history is copied to a
    /// new file that replaces the old one (so that a zombie's open file is a dead inode), `claimed` is appended with
    /// the next epoch, and all is synced.
    ///
    /// - Parameters:
    ///   - end: How the node ended; nil when that is not known, or it has not.
    ///   - show: Called with every part of a long history except the last.
    package func takeOver(
        _ directoryName: String,
        of dead: String,
        after end: PreviousRunEnd? = nil,
        show: StreamingReplay.Show? = nil
    ) async throws -> Claim {
        guard let name = JobName(directoryName) else { return .gone }
        do {
            if dead != node, try await !adoptDirectory(name, of: dead) { return .gone }
        } catch let error as UnreadableJob {
            return .unreadable(name, reason: "\(error)")
        }
        return try await takeOver(name, isOwn: dead == node, after: end, show)
    }

    private func undoAccept(of job: OwnedJob) async throws -> Claim {
        try await withFiles(of: job) { try await undoAccept(of: job.name, in: $0.directory) }
    }

    private func adoptDirectory(_ name: JobName, of dead: String) async throws -> Bool {
        try await threads.run { [self] in
            try take(name.description, from: SpoolLayout.processing(of: dead), as: name)
        }
    }

    private func takeOver(
        _ name: JobName,
        isOwn: Bool,
        after end: PreviousRunEnd?,
        _ show: StreamingReplay.Show?
    ) async throws -> Claim {
        try await withRoom { try await takeOverNow(name, isOwn: isOwn, after: end, show) }
    }

    private func takeOverNow(
        _ name: JobName,
        isOwn: Bool,
        after end: PreviousRunEnd?,
        _ show: StreamingReplay.Show?
    ) async throws -> Claim {
        let (job, records): (OwnedJob, [HistoryRecord])
        do {
            // Another node's directory was checked before it was moved.
            if isOwn { try await threads.run { [self] in try checkTrust(in: "\(name)", of: processing, as: name) } }
            try await renewHistory(of: name, isOwn: isOwn)
            (job, records) = try await threads.run { [self] in try open(name, show) }
        } catch let error as UnreadableJob {
            return .unreadable(name, reason: "\(error)")
        }
        let replay = job.replay
        switch replay.life.state {
        case .absent: return try await undoAccept(of: job)
        case .waiting, .running:
            guard try await finishAccept(job) else { return try await undoAccept(of: job) }
            let (record, _) = try await commit(.claim(node: node, .recovery, after: end), on: job)
            return .owned(job, records + [record])
        default: return try await completeMove(of: job, records)
        }
    }

    /// Copies the valid history to a new file that replaces the old one.
    ///
    /// This fences off a zombie, whose open file is a dead inode then. It also serves this node's own earlier run: one
    /// of its syncs may have failed, and then the kernel shows unwritten data as if it were written, and never writes
    /// it. A history with a changed record stays as it is: a copy would lose the records behind the change.
    private func renewHistory(of name: JobName, isOwn: Bool) async throws {
        let renewed = try await threads.run { [self] in
            try doing("copying the history of \(name)") { () throws(Errno) -> (OpenFile, OpenFile)? in
                let directory = try fileSystem.open(name.description, in: spool.directory(processing), .jobDirectory)
                if isOwn, try !fileSystem.exists(SpoolLayout.history, in: directory) { return nil }
                let copy = try fileSystem.open(Self.newHistory, in: directory, .replace)
                guard try fileSystem.exists(SpoolLayout.history, in: directory) else { return (directory, copy) }
                let history = try fileSystem.openPlain(SpoolLayout.history, in: directory)
                var reader = HistoryReader()
                try fileSystem.readPieces(of: history, limit: StreamingReplay.fileMax) { piece throws(Errno) in
                    reader.read(piece) { _, _ in }
                    try fileSystem.writeAll(piece, to: copy)
                }
                reader.end()
                if case .brokenLine = reader.defect {
                    try fileSystem.unlink(Self.newHistory, in: directory)
                    return nil
                }
                if reader.defect != nil { try fileSystem.truncate(copy, to: reader.validLength) }
                return (directory, copy)
            }
        }
        guard let (directory, file) = renewed else { return }
        try await durability.sync(files: [file])
        try await threads.run { [self] in
            try doing("replacing the history of \(name)") { () throws(Errno) in
                try fileSystem.rename(Self.newHistory, in: directory, to: SpoolLayout.history, in: directory)
            }
        }
        try await durability.sync(directories: [directory, threads.run { [self] in try spool.directory(processing) }])
    }

    static let newHistory = "history.jsonl.new"
}
