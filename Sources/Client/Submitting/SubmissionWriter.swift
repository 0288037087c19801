import Documents
import Engine
package import Jobs
import Spool
import Synchronization
import SystemPackage
import Threads

/// Writes one drop for another, in pieces: to a file in `tmp/`, and from there into the inbox when it is whole.
///
/// A writer that is let go before ``finish()`` removes its file.
package final class SubmissionWriter: Sendable {
    private enum Phase {
        /// From `moving` on, the drop may lie in the inbox: the next start removes what is left.
        case open, finishing, moving, ended
    }

    private struct State {
        var phase = Phase.open
        var size = 0
        var hash = SHA256()
        var outline: BatchOutline?
        /// The whole text of a job document; nothing of other kinds.
        var document: [UInt8] = []
    }

    /// The job that the drop becomes.
    package let job: JobName
    private let service: SubmissionService
    private let request: SubmissionService.Request
    private let catalog: Catalog
    private let kind: Acceptance.Kind
    /// In bytes.
    private let sizeMax: Int
    private let file: OpenFile
    private let state: Mutex<State>

    private var spool: SpoolRoot { service.spool }
    private var fileSystem: any FileSystem { spool.fileSystem }
    private var staging: String { "\(SpoolLayout.staging)/\(Submission.stagingPrefix)\(job)" }

    init(
        _ service: SubmissionService,
        _ request: SubmissionService.Request,
        _ queue: QueueSettings,
        _ catalog: Catalog,
        _ job: JobName
    ) throws(SpoolError) {
        (self.service, self.request, self.catalog, self.job) = (service, request, catalog, job)
        kind = Acceptance.Kind(dropName: job.drop, takesRows: queue.takesRows)
        sizeMax = kind == .document ? min(queue.sizeMax, DropRules.documentSizeMax) : queue.sizeMax
        state = Mutex(State(outline: kind == .batch ? BatchOutline(fileName: job.drop) : nil))
        let path = "\(SpoolLayout.staging)/\(Submission.stagingPrefix)\(job)"
        do throws(Errno) {
            file = try service.spool.fileSystem.open(path, in: service.spool.root, .create)
        } catch {
            throw SpoolError("writing \(path)", error)
        }
    }

    deinit { abort() }

    /// Adds bytes to the drop. Blocks the caller's thread on the disk.
    package func append(_ bytes: [UInt8]) throws(SubmissionError) {
        try state.withLock { state throws(SubmissionError) in
            guard state.phase == .open else { throw .ended }
            guard bytes.count <= sizeMax - state.size else { throw .tooLarge(limit: sizeMax) }
            do throws(Errno) {
                try fileSystem.writeAll(bytes, to: file)
            } catch {
                throw .disk(SpoolError("writing \(staging)", error))
            }
            state.size += bytes.count
            state.hash.update(bytes.span.bytes)
            state.outline?.add(bytes)
            if kind == .document { state.document += bytes }
        }
    }

    /// Checks the drop, and puts it into the inbox.
    ///
    /// When it returns `submitted`, the drop, its `submitted/<job id>` and the directories that lead to them are on
    /// disk.
    ///
    /// - Throws: ``SubmissionError``; then the drop is gone. `SyncFailure`; then the node stops, and the drop may be in
    ///   the inbox after the next start.
    package func finish() async throws -> JobSubmission.Outcome {
        let contents = try endWriting()
        do {
            let acceptance = try accepted(contents)
            if let earlier = try earlierJob(acceptance) {
                abort()
                return .repeats(earlier)
            }
            let (sidecar, submitted) = try await service.threads.run { [self] in
                try doing { () throws(SpoolError) in
                    let submission = Submission(owner: request.owner, idempotencyKey: request.idempotencyKey)
                    return (try submission.write(for: job.id, in: spool), try directory(SpoolLayout.submitted))
                }
            }
            // The inbox must never show a drop whose bytes or whose owner a power cut could take.
            try await service.durability.sync(files: [file, sidecar], directories: [submitted])
            state.withLock { $0.phase = .moving }
            let inbox = try await service.threads.run { [self] in try doing(putIntoInbox) }
            try await service.durability.sync(directories: [inbox])
        } catch {
            abort()
            throw error
        }
        state.withLock { $0.phase = .ended }
        return .submitted(job)
    }

    /// Gives the drop up, and removes what was written. Blocks on the disk; does nothing after ``finish()``.
    package func abort() {
        let wasOpen = state.withLock { state in
            defer { state.phase = .ended }
            return state.phase == .open || state.phase == .finishing
        }
        guard wasOpen else { return }
        // Best effort: the next start removes what is left. The owner goes only where the drop went.
        do throws(Errno) {
            if try !fileSystem.exists("\(SpoolLayout.inbox(of: request.queue))/\(job)", in: spool.root) {
                try fileSystem.removeIfPresent(staging, in: spool.root)
                try fileSystem.removeIfPresent(Submission.path(of: job.id), in: spool.root)
            }
        } catch {}
    }

    // MARK: Checks

    private func endWriting() throws(SubmissionError) -> DropContents {
        try state.withLock { state throws(SubmissionError) in
            guard state.phase == .open else { throw .ended }
            state.phase = .finishing
            state.outline?.end()
            return DropContents(
                queue: request.queue,
                job: job,
                name: job.drop,
                kind: kind,
                size: state.size,
                outline: state.outline,
                sha256: state.hash.finalize().hexadecimal,
                ownerUID: request.owner.uid,
                submission: Submission(owner: request.owner, idempotencyKey: request.idempotencyKey),
                bytes: state.document
            )
        }
    }

    private func accepted(_ contents: DropContents) throws(SubmissionError) -> Acceptance {
        do throws(Rejection) {
            return try catalog.makeAcceptance(contents, at: service.clock.now)
        } catch {
            if contents.outline?.rejection != nil { throw .malformed(error.reason) }
            if kind == .document, let format = Document.Format(fileName: contents.name),
                (try? Document(contents.bytes, format: format)) == nil
            {
                throw .malformed(error.reason)
            }
            throw .refused(error.reason)
        }
    }

    /// The job that does already what the drop asks for; the daemon checks again when it accepts the drop.
    private func earlierJob(_ acceptance: Acceptance) throws(SubmissionError) -> JobID? {
        guard let key = acceptance.idempotencyKey else { return nil }
        let claim = try doing { () throws(SpoolError) in try spool.claim(of: key) }
        guard let claim else { return nil }
        if claim.asksTheSame(as: KeyClaim(job: job.id, inputSHA256: acceptance.inputSHA256)) { return claim.job }
        throw .keyUsed(key, by: claim.job)
    }

    // MARK: Disk

    private func doing<Value>(_ body: () throws(SpoolError) -> Value) throws(SubmissionError) -> Value {
        do throws(SpoolError) { return try body() } catch { throw .disk(error) }
    }

    private func directory(_ name: String) throws(SpoolError) -> OpenFile {
        do throws(Errno) { return try spool.directory(name) } catch { throw SpoolError("opening \(name)/", error) }
    }

    /// - Returns: The inbox, whose new entry is to be synced.
    private func putIntoInbox() throws(SpoolError) -> OpenFile {
        let path = SpoolLayout.inbox(of: request.queue)
        do throws(Errno) {
            let inbox = try spool.directory(path)
            do throws(Errno) {
                try fileSystem.rename(staging, in: spool.root, to: job.description, in: inbox)
            } catch .improperLink {
                try carry(into: inbox)
            }
            return inbox
        } catch {
            throw SpoolError("putting \(job) into \(path)/", error)
        }
    }

    /// Copies the drop into an inbox on another filesystem, which no flush of the spool covers.
    private func carry(into inbox: OpenFile) throws(Errno) {
        let hidden = ".\(job)"
        do throws(Errno) {
            let copy = try fileSystem.open(hidden, in: inbox, .create)
            let whole = try fileSystem.open(staging, in: spool.root, .read)
            try fileSystem.readPieces(of: whole) { piece throws(Errno) in try fileSystem.writeAll(piece, to: copy) }
            try Durability.syncNow(copy, fileSystem)
            try fileSystem.rename(hidden, in: inbox, to: job.description, in: inbox)
        } catch {
            try? fileSystem.removeIfPresent(hidden, in: inbox)
            throw error
        }
        try Durability.syncNow(inbox, fileSystem)
        try fileSystem.removeIfPresent(staging, in: spool.root)
    }
}
