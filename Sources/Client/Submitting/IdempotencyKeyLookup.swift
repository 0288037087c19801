import Daemon
import Documents
import Jobs
import Spool
import SystemPackage

/// Finds the job that has the idempotency key of a document that is about to be submitted.
struct IdempotencyKeyLookup: Sendable {
    /// The most waiting drops of an inbox that are read; the daemon checks all of them.
    private static let waitingMax = 1_000
    /// How long to wait for the daemon to take the job.
    private static let patience: Duration = .seconds(3)

    let client: SpoolClient
    let queue: String

    private var spool: SpoolRoot { client.spool }

    /// The job that does already what the document asks for; nil when none is known here.
    ///
    /// The daemon checks the key again.
    ///
    /// - Throws: ``ClientError`` (data) when the key was used for another input.
    func earlierJob(for document: JobDocument) throws -> JobID? {
        guard let key = document.idempotencyKey else { return nil }
        let asked = document.requestSHA256(workflow: document.workflow ?? workflow)
        guard let claim = try spool.claim(of: key) ?? waitingClaim(of: key) else { return nil }
        if claim.asksTheSame(as: KeyClaim(job: claim.job, inputSHA256: asked)) { return claim.job }
        throw ClientError("the key \(key) was used by job \(claim.job) for another input", .data)
    }

    /// The workflow of documents that name none.
    private var workflow: String {
        let configuration = try? ConfigurationFile.document(at: client.configurationPath).value
        return configuration?.value(at: ["queues", queue, "workflow"])?.string ?? "prompt"
    }

    /// The claim of a document that the daemon has not taken yet.
    private func waitingClaim(of key: String) throws -> KeyClaim? {
        let drops: [WaitingDrop]
        do throws(SpoolError) {
            drops = try spool.waitingDrops(of: queue, limit: Self.waitingMax).drops
        } catch {
            // The submitter may only write there: the daemon finds the earlier job.
            if error.cause == .permissionDenied { return nil }
            throw error
        }
        for waiting in drops {
            guard let name = String(validating: waiting.drop.name, as: UTF8.self).flatMap(JobName.init),
                let format = Document.Format(fileName: name.drop),
                let bytes = try? spool.waitingContents(of: waiting.drop),
                let document = try? JobDocument(Document(bytes, format: format)), document.idempotencyKey == key
            else { continue }
            let asked = document.requestSHA256(workflow: document.workflow ?? workflow)
            return KeyClaim(job: name.id, inputSHA256: asked)
        }
        return nil
    }

    /// Waits a little until the daemon has taken a job with a key, when a daemon is running.
    ///
    /// - Returns: The job that does what `job` asks for: itself, or an earlier one.
    /// - Throws: ``ClientError`` (data) when it was rejected.
    func settled(_ job: JobName) async throws -> JobID {
        let polling = Polling(clock: client.clock, pause: .milliseconds(10), patience: Self.patience)
        do {
            let settled = try await polling.first { () -> JobID? in
                guard try client.hasDaemon else { return job.id }
                if try spool.locate(job) != nil { return job.id }
                guard let note = try spool.rejectionNote(of: job) else { return nil }
                guard let first = note.duplicateOf else {
                    throw ClientError("the job \(job.id) was rejected: \(note.reason)", .data)
                }
                return first
            }
            return settled ?? job.id
        } catch let error as SpoolError where error.cause == .permissionDenied {
            // The submitter may not read the spool: the job is there, and only the daemon knows which job has the key.
            return job.id
        }
    }
}
