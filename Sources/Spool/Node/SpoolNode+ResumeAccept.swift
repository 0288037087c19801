import Documents
package import Jobs
import SystemPackage
import Threads

extension SpoolNode {
    /// A drop that an earlier run of this node took from its inbox, and that has no record yet.
    package struct InterruptedAccept: Sendable, Equatable {
        package var job: JobName
        package var queue: String
        /// Its place in its queue.
        package var turn: JobID

        /// The drop under the name that it had in its inbox, as far as that is known.
        package var drop: Drop { Drop(queue: queue, name: Array(job.description.utf8)) }
    }

    /// The drops that a crash caught between inbox and acceptance, in the order of their turns.
    ///
    /// Without those whose record a power cut damaged, and those of an inbox on another filesystem: they go back to it.
    package func unaccepted() async throws -> [InterruptedAccept] {
        try await threads.run { [self] in
            try doing("reading \(processing)/") { () throws(Errno) in
                let parent = try ownDirectory()
                var found: [InterruptedAccept] = []
                for name in try DirectoryListing.names(in: processing, of: spool.root) {
                    guard let job = JobName(name), try !hasHistory(name, in: parent) else { continue }
                    let entries = try DirectoryListing.names(in: "\(processing)/\(name)", of: spool.root)
                    guard let (queue, turn) = entries.lazy.compactMap(Self.unaccepted).first else { continue }
                    found.append(InterruptedAccept(job: job, queue: queue, turn: turn ?? job.id))
                }
                return found.sorted { $0.turn < $1.turn }
            }
        }
    }

    private func hasHistory(_ name: String, in parent: OpenFile) throws(Errno) -> Bool {
        do throws(Errno) {
            return try fileSystem.status(of: "\(name)/\(SpoolLayout.history)", in: parent).size > 0
        } catch .noSuchFileOrDirectory {
            return false
        } catch .notDirectory {
            return true
        }
    }

    /// Continues with a drop that an earlier run took: it keeps its id and its turn, and does not show up in its inbox.
    ///
    /// - Returns: As ``accept(_:_:look:turn:)``; `gone` when the drop went back to its inbox.
    /// - Throws: ``UnreadableJob``, ``SpoolError``, ``SyncFailure``.
    package func resumeAccept(_ taken: InterruptedAccept, _ rules: DropRules) async throws -> AcceptOutcome {
        let outcome = try await withRoom { () -> AcceptOutcome? in
            let step = try await threads.run { [self] in
                try checkTrust(in: "\(taken.job)", of: processing, as: taken.job)
                return try doing(Self.action(taken.drop)) { () throws(Errno) in try reclaim(taken) }
            }
            guard let step else { return nil }
            return try await finish(step, taken.drop, rules)
        }
        if let outcome { return outcome }
        // Only after the permit is given back: this waits for one, too.
        _ = try await takeOver("\(taken.job)", of: node)
        return .gone
    }

    /// Claims the drop again; nil when it or its inbox is gone.
    private func reclaim(_ taken: InterruptedAccept) throws(Errno) -> DropClaimResult? {
        let parent = try ownDirectory()
        let directory = try fileSystem.open(taken.job.description, in: parent, .jobDirectory)
        let turn = taken.turn == taken.job.id ? nil : taken.turn
        let entry = Self.unacceptedEntry(of: taken.queue, turn)
        guard try fileSystem.exists(entry, in: directory) else { return nil }
        let inbox: Inbox
        do throws(Errno) {
            let (directory, isLocal) = try spool.directoryAndKind(SpoolLayout.inbox(of: taken.queue))
            inbox = Inbox(directory: directory, isLocal: isLocal)
        } catch .noSuchFileOrDirectory {
            return nil
        }
        // A crash may have left parts of these; they are made again.
        for name in [Self.ownCopy, Self.newHistory, SpoolLayout.history] {
            try fileSystem.removeIfPresent(name, in: directory)
        }
        let target = Target(name: taken.job, directory: directory, parent: parent, turn: turn)
        return try examine(taken.drop, entry, from: inbox, nil, to: target)
    }
}
