import Client
import Daemon
import Engine
import HTTPTypes
import Jobs
import NIOCore
import OrderedCollections
import Spool

/// Submits drops for one caller: checks that it may, and writes what it sends.
struct Submitter: Sendable {
    struct Outcome: Sendable {
        /// The job; an earlier one that does the same, when this is not new.
        var job: JobID
        var isNew: Bool
    }

    /// The slowest that a body may come, in bytes a second, after the first minute.
    private static let speedMin = 1_024
    private static let grace: Duration = .seconds(60)

    private let api: API
    private let caller: Caller

    init(_ api: API, _ caller: Caller) { (self.api, self.caller) = (api, caller) }

    /// Writes a body piece by piece into the spool; the job is durable when this returns.
    ///
    /// - Throws: ``Problem``.
    func submit<Body: AsyncSequence & Sendable>(
        _ submission: Submission,
        _ body: Body
    ) async throws -> Outcome where Body.Element == ByteBuffer {
        try await checkAccess(to: submission.queue)
        let clock = api.context.platform.clock
        let writer = try begin(submission)
        do {
            let meter = SpeedMeter(clock, grace: Self.grace, speedMin: Self.speedMin)
            for try await piece in body {
                try meter.add(piece.readableBytes)
                try append(Array(piece.readableBytesView), to: writer)
            }
            return try await finish(writer)
        } catch {
            writer.abort()
            throw error
        }
    }

    /// The same for bytes in memory.
    func submit(_ submission: Submission, _ bytes: [UInt8]) async throws -> Outcome {
        try await checkAccess(to: submission.queue)
        let writer = try begin(submission)
        do {
            try append(bytes, to: writer)
            return try await finish(writer)
        } catch {
            writer.abort()
            throw error
        }
    }

    /// The queues that the caller may submit to.
    var queues: [QueueSettings] {
        api.context.inForce().configuration.catalog.queues.values.filter { maySubmit(to: $0) }
    }

    private func begin(_ submission: Submission) throws(Problem) -> SubmissionWriter {
        let catalog = api.context.inForce().configuration.catalog
        do throws(SubmissionError) {
            return try api.submissions.begin(
                SubmissionService.Request(
                    queue: submission.queue,
                    name: submission.name,
                    owner: caller.owner,
                    idempotencyKey: submission.key
                ),
                catalog
            )
        } catch {
            throw Problem(error)
        }
    }

    private func append(_ bytes: [UInt8], to writer: SubmissionWriter) throws(Problem) {
        do throws(SubmissionError) { try writer.append(bytes) } catch { throw Problem(error) }
    }

    private func finish(_ writer: SubmissionWriter) async throws -> Outcome {
        do {
            switch try await writer.finish() {
            case .submitted(let job): return Outcome(job: job.id, isNew: true)
            case .repeats(let job): return Outcome(job: job, isNew: false)
            }
        } catch let error as SubmissionError {
            throw Problem(error)
        }
    }

    // MARK: Access

    private func checkAccess(to name: String) async throws {
        let queues = api.context.inForce().configuration.catalog.queues
        guard let queue = queues[name], caller.queues?.contains(name) ?? true else {
            let known = self.queues.map(\.name).joined(separator: ", ")
            throw Problem(.notFound, "there is no queue \"\(name)\"; there are: \(known)")
        }
        guard maySubmit(to: queue) else {
            throw Problem(
                .forbidden,
                "\(caller.name) may not write to inbox/\(name)/",
                hint: "the administrator lets a group in with chgrp and chmod g+wx on the inbox"
            )
        }
        let room = try await QueueRoom(api.client, queue)
        if room.isFull {
            var problem = Problem(
                .tooManyRequests,
                "\(room.waiting) jobs wait in the queue \(name), and it takes \(room.waitingMax ?? 0) at most"
            )
            problem.headers[.retryAfter] = "10"
            throw problem
        }
    }

    private func maySubmit(to queue: QueueSettings) -> Bool {
        if let queues = caller.queues, !queues.contains(queue.name) { return false }
        guard let uid = caller.uid else { return true }
        return InboxPermission.allows(
            uid: uid,
            groups: api.groups.of(uid),
            inbox: "\(api.context.spool.path)/\(SpoolLayout.inbox(of: queue.name))"
        )
    }
}

extension Problem {
    init(_ error: SubmissionError) {
        switch error {
        case .unknownQueue: self.init(.notFound, "\(error)")
        case .badName: self.init(.unprocessableContent, "\(error)")
        case .tooLarge: self.init(.contentTooLarge, "\(error)")
        case .malformed(let text):
            self.init(.badRequest, text)
            line = Self.line(in: text)
        case .refused(let text):
            self.init(.unprocessableContent, text)
            line = Self.line(in: text)
        case .keyUsed: self.init(.conflict, "\(error)")
        case .ended: self.init(.internalServerError, "\(error)")
        case .disk(let error): self.init(error as any Error)
        }
    }

    /// The number behind "line ".
    private static func line(in text: String) -> Int? {
        guard let range = text.firstRange(of: "line ") else { return nil }
        return Int(text[range.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }
}
