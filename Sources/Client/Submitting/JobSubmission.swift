import Daemon
import Documents
import Engine
package import Jobs
import OrderedCollections
import Spool
import SystemPackage

/// Submits jobs to one queue.
package struct JobSubmission: Sendable {
    /// What became of a drop.
    package enum Outcome: Sendable, Equatable {
        /// It is on disk in the inbox, under this name.
        case submitted(JobName)
        /// This earlier job has its idempotency key and asks for the same; nothing was written.
        case repeats(JobID)
    }

    private let client: SpoolClient
    private let queue: String

    /// - Throws: ``ClientError`` (no input) when the spool has no such queue.
    package init(_ client: SpoolClient, queue: String) throws {
        (self.client, self.queue) = (client, queue)
        let spool = client.spool
        guard try spool.inboxes().contains(queue) else {
            let known = try spool.inboxes().joined(separator: ", ")
            throw ClientError("there is no queue \"\(queue)\" in \(spool.path); there are: \(known)", .noInput)
        }
        try checkConfiguration()
    }

    /// Refuses a queue with a directory below `inbox/` that is not configured: no daemon would take the job from there.
    ///
    /// A configuration that is wrong is ignored: it says nothing about the one that a daemon works with.
    private func checkConfiguration() throws(ClientError) {
        guard let configuration = try? ConfigurationFile.load(client.configurationPath) else { return }
        let queues = configuration.catalog.queues.keys
        if queues.contains(queue) { return }
        throw ClientError(
            "there is no queue \"\(queue)\" in \(client.configurationPath), and no daemon would take the job from its "
                + "directory; there are: \(queues.joined(separator: ", "))",
            .noInput
        )
    }

    private var keys: IdempotencyKeyLookup { IdempotencyKeyLookup(client: client, queue: queue) }

    /// Puts a drop into the queue, unless a job is known that does already what it asks for.
    ///
    /// A user who may not write into the inbox submits it through the API where the daemon takes it.
    ///
    /// - Throws: ``ClientError`` (data) when its key was used for another input; `SpoolError`.
    package func submit(_ drop: SubmittedDrop) async throws -> Outcome {
        if let document = drop.document, let first = try keys.earlierJob(for: document) { return .repeats(first) }
        let job = JobName(id: client.identifiers.next(), dropName: Array(drop.name.utf8))
        do throws(SpoolError) {
            try DropWriter(spool: client.spool, queue: queue).put(drop.bytes, as: job)
        } catch {
            // A user whom the daemon lets in may have no way to write the file.
            guard error.cause == .permissionDenied, let remote = try client.remote() else { throw error }
            return try await remote.submit(drop, to: queue)
        }
        return .submitted(job)
    }

    /// Waits a little until the daemon has taken a job with a key, when a daemon is running.
    ///
    /// - Returns: The job that does what `job` asks for: itself, or an earlier one.
    /// - Throws: ``ClientError`` (data) when it was rejected.
    package func settled(_ job: JobName) async throws -> JobID { try await keys.settled(job) }
}
