package import Documents
package import Jobs
import SystemPackage
import Threads

/// Marks in `deliveries/`: each says that something is left to do for a job that has ended or is held.
///
/// A mark lies there as `<due>.<job>`, or as `<node>/<job>` in the hands of a node. A node that has one may append to the
/// job's history where the job lies; no other node may, and none may move the job. A node claims a mark by a rename, and
/// gives it back when a second mark of the same job, which a power cut may leave, is in another node's hands.
///
/// Only the mark's creation is synced. A power cut that undoes a later rename or removal brings back a mark for work
/// that the history shows as done.
extension SpoolNode {
    private var claims: String { SpoolLayout.claimedDeliveries(of: node) }

    /// What became of the attempt to claim a mark.
    package enum DeliveryClaim: Sendable {
        case claimed
        /// Another process was faster.
        case gone
        /// Another node has a mark of the same job.
        case inHand
    }

    /// The marks that no node has in hand; blocking.
    package func deliveryMarks() throws(SpoolError) -> [(due: Timestamp, job: JobName)] {
        try doing("reading \(SpoolLayout.deliveries)/") { () throws(Errno) in
            do throws(Errno) {
                return try DirectoryListing.names(in: SpoolLayout.deliveries, of: spool.root)
                    .compactMap(SpoolLayout.deferredName)
            } catch .noSuchFileOrDirectory {
                return []
            }
        }
    }

    /// Makes the mark of a job whose last record leaves something to do; blocking.
    ///
    /// - Returns: The file and the directories to be synced with the record.
    func makeDeliveryMark(for replay: JobReplay) throws(SpoolError) -> (file: OpenFile, directories: [OpenFile])? {
        guard let due = replay.deliveryMark else { return nil }
        return try doing("making the mark of \(replay.name) in \(SpoolLayout.deliveries)/") { () throws(Errno) in
            let (directory, changed) = try spool.ensuredDirectory(SpoolLayout.deliveries)
            let name = SpoolLayout.deliveryName(of: replay.name, due: due)
            return (try fileSystem.open(name, in: directory, .replace), [directory] + changed)
        }
    }

    /// Claims the mark of a job, for as long as this node works on its delivery.
    package func claimDelivery(of job: JobName, due: Timestamp) async throws -> DeliveryClaim {
        try await threads.run { [self] in
            try doing("claiming the delivery of \(job)") { () throws(Errno) in
                let (own, _) = try spool.ensuredDirectory(claims)
                let marks = try spool.directory(SpoolLayout.deliveries)
                let name = SpoolLayout.deliveryName(of: job, due: due)
                do throws(Errno) {
                    try rename(name, in: marks, to: job.description, in: own)
                } catch .noSuchFileOrDirectory {
                    // A failure may have kept this node from giving it back.
                    return try fileSystem.exists(job.description, in: own) ? .claimed : .gone
                }
                guard try isInHandElsewhere(job) else { return .claimed }
                try rename(job.description, in: own, to: name, in: marks)
                return .inHand
            }
        }
    }

    /// Keeps every other node from delivering a job, while a request is carried out on it.
    ///
    /// - Returns: False when another node delivers it now.
    package func claimHistory(of job: JobName) async throws -> Bool {
        try await threads.run { [self] in
            let marks = try deliveryMarks().filter { $0.job == job }
            return try doing("claiming the delivery of \(job)") { () throws(Errno) in
                let (own, _) = try spool.ensuredDirectory(claims)
                let directory = try spool.directory(SpoolLayout.deliveries)
                _ = try fileSystem.open(job.description, in: own, .replace)
                guard try isInHandElsewhere(job) else {
                    for mark in marks {
                        let name = SpoolLayout.deliveryName(of: job, due: mark.due)
                        try fileSystem.removeIfPresent(name, in: directory)
                    }
                    return true
                }
                try fileSystem.removeIfPresent(job.description, in: own)
                return false
            }
        }
    }

    private func isInHandElsewhere(_ job: JobName) throws(Errno) -> Bool {
        for name in try DirectoryListing.names(in: SpoolLayout.deliveries, of: spool.root)
        where name != node && SpoolLayout.deferredName(name) == nil {
            if try fileSystem.exists("\(SpoolLayout.deliveries)/\(name)/\(job)", in: spool.root) { return true }
        }
        return false
    }

    /// Gives a mark back until a time, or removes it when nothing is left to do.
    package func releaseDelivery(of job: JobName, until due: Timestamp?) async throws {
        try await threads.run { [self] in
            try doing("giving back the delivery of \(job)") { () throws(Errno) in
                let (own, _) = try spool.ensuredDirectory(claims)
                guard let due else { return try fileSystem.removeIfPresent(job.description, in: own) }
                let name = SpoolLayout.deliveryName(of: job, due: due)
                do throws(Errno) {
                    try rename(job.description, in: own, to: name, in: spool.directory(SpoolLayout.deliveries))
                } catch .noSuchFileOrDirectory {
                    // An operator removed the mark.
                }
            }
        }
    }

    /// Gives back, due at once, the marks that this node's earlier run or a dead node had in hand.
    ///
    /// - Returns: The jobs that were being delivered then.
    package func returnDeliveries(of dead: String) async throws -> [JobName] {
        let now = clock.now.wholeSecond
        return try await threads.run { [self] in
            try doing("giving back the deliveries of \(dead)") { () throws(Errno) in
                let jobs = try claimedDeliveries(of: dead)
                if jobs.isEmpty { return [] }
                let marks = try spool.directory(SpoolLayout.deliveries)
                let claims = try spool.directory(SpoolLayout.claimedDeliveries(of: dead))
                for job in jobs {
                    let name = SpoolLayout.deliveryName(of: job, due: now)
                    try rename(job.description, in: claims, to: name, in: marks)
                }
                return jobs
            }
        }
    }

    private func claimedDeliveries(of node: String) throws(Errno) -> [JobName] {
        do throws(Errno) {
            let names = try DirectoryListing.names(in: SpoolLayout.claimedDeliveries(of: node), of: spool.root)
            return names.compactMap { JobName($0) }
        } catch .noSuchFileOrDirectory {
            return []
        }
    }

    /// Whether a dead node had deliveries in hand.
    package func hasDeliveries(of dead: String) async throws -> Bool {
        try await threads.run { [self] in
            try doing("looking at the deliveries of \(dead)") { () throws(Errno) in
                try !claimedDeliveries(of: dead).isEmpty
            }
        }
    }
}

extension JobReplay {
    /// The due time of the mark that the job's last end or hold needs; nil when nothing is left to do.
    package var deliveryMark: Timestamp? {
        guard let progress = delivery else { return nil }
        do throws(DocumentError) {
            guard try DeliveryPlan(self)?.nextDue != nil else { return nil }
        } catch {
            // Settings of a later version: the mark waits for its daemon.
        }
        return progress.at.wholeSecond
    }
}

extension Timestamp {
    /// The second that has begun, so that what is due now is not put off to the next one.
    package var wholeSecond: Timestamp { Timestamp(milliseconds: milliseconds / 1_000 * 1_000) }
}
