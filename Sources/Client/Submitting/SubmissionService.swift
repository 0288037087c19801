package import Documents
package import Engine
package import Jobs
import OrderedCollections
package import Spool
package import Threads

/// Writes drops for other users and for tokens, inside the daemon.
package struct SubmissionService: Sendable {
    let spool: SpoolRoot
    let durability: Durability
    let threads: WorkerThreads
    let identifiers: JobIDGenerator
    let clock: WallClock

    /// - Parameters:
    ///   - durability: The daemon's own, so that many submissions share a flush.
    ///   - threads: Where ``SubmissionWriter/finish()`` makes its system calls.
    package init(
        spool: SpoolRoot,
        durability: Durability,
        threads: WorkerThreads,
        identifiers: JobIDGenerator,
        clock: WallClock
    ) {
        (self.spool, self.durability, self.threads) = (spool, durability, threads)
        (self.identifiers, self.clock) = (identifiers, clock)
    }

    /// A drop that is to be written.
    package struct Request: Sendable {
        package var queue: String
        /// The name that the drop has for the job; its ending decides its kind.
        package var name: String
        package var owner: Owner
        /// The key of a drop that is no job document, or of a document that names none.
        package var idempotencyKey: String?

        package init(queue: String, name: String, owner: Owner, idempotencyKey: String? = nil) {
            (self.queue, self.name, self.owner, self.idempotencyKey) = (queue, name, owner, idempotencyKey)
        }
    }

    /// Begins a drop: makes its file in `tmp/`. Blocks on the disk.
    ///
    /// - Parameter catalog: The configuration that the drop is checked against.
    package func begin(_ request: Request, _ catalog: Catalog) throws(SubmissionError) -> SubmissionWriter {
        guard let queue = catalog.queues[request.queue] else {
            throw .unknownQueue(request.queue, known: Array(catalog.queues.keys))
        }
        if request.name.isEmpty { throw .badName("", reason: "is empty") }
        // Behind the drop's own id, a second one would name another drop's submission.
        if JobName(request.name) != nil { throw .badName(request.name, reason: "begins with a job's id") }
        switch queue.names.leftAlone(Array(request.name.utf8)) {
        case .ignored, .notAccepted: throw .badName(request.name, reason: "is none that the queue \(queue.name) takes")
        case .temporary, nil: break
        }
        let job = JobName(id: identifiers.next(), dropName: Array(request.name.utf8))
        do throws(SpoolError) {
            return try SubmissionWriter(self, request, queue, catalog, job)
        } catch {
            throw .disk(error)
        }
    }
}
