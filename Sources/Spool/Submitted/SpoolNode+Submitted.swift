import Documents
import Jobs
import SystemPackage
import Threads

extension SpoolNode {
    /// The submission of a claimed drop, and the id that names its file; nil when the file's owner submitted it.
    ///
    /// Only a drop of the daemon's own user can have one: any other user could give his drop the id of another's.
    func submission(of claimed: ClaimedDrop) throws -> (id: JobID, submission: Submission)? {
        for id in submissionIDs(of: claimed) {
            if let found = try Submission.read(of: id, in: spool) { return (id, found) }
        }
        return nil
    }

    /// Removes the files of a submission, once what names its owner is durable.
    ///
    /// Best effort: the next start removes what is left.
    func removeSubmission(of claimed: ClaimedDrop) {
        removeSubmission(submissionIDs(of: claimed))
    }

    /// Removes the file that counts: that of the first id that has one.
    func removeSubmission(_ ids: [JobID]) {
        _ = ids.first { (try? Submission.remove(of: $0, in: spool)) == true }
    }

    /// The ids with which a drop's name begins: its job's own, and one that another job had when it was claimed.
    private func submissionIDs(of claimed: ClaimedDrop) -> [JobID] {
        guard claimed.status.kind == .regular, claimed.status.uid == effectiveUserID else { return [] }
        return Self.submissionIDs(of: claimed.name, bringsID: claimed.turn != nil)
    }

    static func submissionIDs(of name: JobName, bringsID: Bool) -> [JobID] {
        (bringsID ? [name.id] : []) + [JobName(name.drop)?.id].compactMap(\.self)
    }

    /// The name under which a drop goes back to an inbox where its own is taken.
    ///
    /// A submission is found by the old id, which stays in the name.
    func otherName(for job: JobName) throws(Errno) -> JobName {
        let isSubmitted = try fileSystem.exists(Submission.path(of: job.id), in: spool.root)
        return JobName(id: identifiers.next(), dropName: Array((isSubmitted ? job.description : job.drop).utf8))
    }

    /// Removes the files in `submitted/` that a crash left without a drop, and unfinished uploads in `tmp/`.
    ///
    /// Nothing is synced: what a power cut brings back, the next start removes.
    ///
    /// - Parameter age: How long a file must have stayed unchanged.
    /// - Returns: How many files were removed.
    /// - Throws: ``SpoolError``.
    @discardableResult
    package func removeStaleSubmissions(age: Duration = .seconds(3_600)) async throws -> Int {
        let now = clock.now
        return try await threads.run { [self] in
            try doing("looking for what is left in \(SpoolLayout.submitted)/") { () throws(Errno) in
                var removed = 0
                for name in try stale(in: SpoolLayout.staging, before: now, age)
                where name.hasPrefix(Submission.stagingPrefix) {
                    try fileSystem.removeIfPresent("\(SpoolLayout.staging)/\(name)", in: spool.root)
                    removed += 1
                }
                let old = Set(try stale(in: SpoolLayout.submitted, before: now, age).compactMap { JobID($0) })
                if old.isEmpty { return removed }
                // A drop may move either way during the search (docs/filesystem-rules.md, rule 21).
                let needed = try idsInInboxes().union(idsInProcessing()).union(idsInInboxes())
                for id in old.subtracting(needed) {
                    try fileSystem.removeIfPresent(Submission.path(of: id), in: spool.root)
                    removed += 1
                }
                return removed
            }
        }
    }

    private func stale(in directory: String, before now: Timestamp, _ age: Duration) throws(Errno) -> [String] {
        var names: [String] = []
        for name in try DirectoryListing.names(in: directory, of: spool.root) {
            do throws(Errno) {
                let status = try fileSystem.status(of: "\(directory)/\(name)", in: spool.root)
                guard status.kind == .regular, status.uid == effectiveUserID else { continue }
                if now - status.changedAt >= age { names.append(name) }
            } catch .noSuchFileOrDirectory {}
        }
        return names
    }

    private func idsInInboxes() throws(Errno) -> Set<JobID> {
        var ids: Set<JobID> = []
        for queue in try DirectoryListing.names(in: SpoolLayout.inbox, of: spool.root)
        where SpoolLayout.isValidName(queue) {
            do throws(Errno) {
                let listing = try DirectoryListing(of: SpoolLayout.inbox(of: queue), in: spool.root)
                while let name = try listing.next() {
                    let text = String(validating: name, as: UTF8.self).flatMap { JobName($0) }
                    guard let job = SpoolLayout.carriedJob(name) ?? text else { continue }
                    ids.formUnion(Self.submissionIDs(of: job, bringsID: true))
                }
            } catch .notDirectory {} catch .noSuchFileOrDirectory {}
        }
        return ids
    }

    private func idsInProcessing() throws(Errno) -> Set<JobID> {
        var ids: Set<JobID> = []
        for node in try DirectoryListing.names(in: SpoolLayout.processing, of: spool.root) {
            do throws(Errno) {
                for name in try DirectoryListing.names(in: SpoolLayout.processing(of: node), of: spool.root) {
                    guard let job = JobName(name) else { continue }
                    ids.formUnion(Self.submissionIDs(of: job, bringsID: true))
                }
            } catch .notDirectory {} catch .noSuchFileOrDirectory {}
        }
        return ids
    }
}

extension Submission {
    /// Begins the names in `tmp/` of uploads that are not finished.
    package static let stagingPrefix = ".submission-"
}
