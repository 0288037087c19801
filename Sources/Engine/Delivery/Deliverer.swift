import Documents
import Jobs
import Logging
import OrderedCollections
import Redaction
import Spool
import Threads
import Workflow

/// Delivers one job: puts its file into the queue's directory and tells its hooks, as far as that is due.
struct Deliverer: Sendable {
    let node: SpoolNode
    let observers: JobObservers
    let environment: RunEnvironment
    let hooks: any HookRunner
    let redactor: Redactor
    let logger: Logger

    /// How long a mark waits whose job is in a node's hands, or whose history cannot be read.
    private static let wait: Duration = .seconds(30)

    private var now: Timestamp { environment.wallClock.now }

    /// Works on a mark, and gives it back or removes it.
    ///
    /// - Returns: When the mark is due again; nil when it is gone.
    /// - Throws: `SpoolError`, `SyncFailure`; then this node still has the mark in hand. `CancellationError`.
    func work(on entry: DeferredJobs.Entry) async throws -> Timestamp? {
        switch try await node.claimDelivery(of: entry.job, due: entry.due) {
        case .gone: return nil
        case .inHand: return now + Self.wait
        case .claimed: break
        }
        let next: Timestamp?
        do {
            next = try await deliver(entry.job)
        } catch is CancellationError {
            try await node.releaseDelivery(of: entry.job, until: now.wholeSecond)
            throw CancellationError()
        } catch let error as UnreadableJob {
            logger.error("\(error); nothing of it is delivered", metadata: ["job": "\(entry.job.id)"])
            next = now + Self.wait
        } catch let error as DocumentError {
            logger.error("\(error); nothing is delivered", metadata: ["job": "\(entry.job.id)"])
            next = now + Self.wait
        }
        try await node.releaseDelivery(of: entry.job, until: next)
        return next
    }

    private func deliver(_ name: JobName) async throws -> Timestamp? {
        guard let location = try await node.run({ [node] in try node.spool.locate(name) }) else { return nil }
        if ["\(SpoolLayout.processing)/", SpoolLayout.deferred].contains(where: location.directory.hasPrefix) {
            return now + Self.wait
        }
        guard let job = try await node.openResting(location) else { return now + .seconds(1) }
        while let plan = try DeliveryPlan(job.replay) {
            guard let part = plan.due(at: now) else {
                if plan.nextDue == nil, let folder = plan.settings.folder { await tidy(folder, name) }
                return plan.nextDue
            }
            try Task.checkCancellation()
            let event = EventRedaction(redactor).redacted(.delivery(try await attempt(part, of: plan, job)))
            guard case .delivery(let redacted) = event else { return nil }
            let (record, replay) = try await node.record(redacted, on: job)
            observers.jobChanged(replay, record)
            log(redacted, name)
            if case .delivered = redacted, let folder = plan.settings.folder { await tidy(folder, name) }
        }
        return nil
    }

    private func log(_ event: DeliveryEvent, _ job: JobName) {
        guard case .failed(_, let attempt) = event else { return }
        let then = attempt.retryAt.map { "again at \($0.text)" } ?? "given up; agentspool deliver \(job.id) tries again"
        logger.warning("\(attempt.failure.message); \(then)", metadata: ["job": "\(job.id)"])
    }

    /// A hidden name that stays is no harm: the file has its own name, and the daemon says so.
    private func tidy(_ folder: DeliverySettings.Folder, _ job: JobName) async {
        do {
            try await node.run { [node] in try Outbox(folder, fileSystem: node.spool.fileSystem).tidy(job.id) }
        } catch {
            logger.warning("\(error)", metadata: ["job": "\(job.id)"])
        }
    }

    private func attempt(_ part: DeliveryPart, of plan: DeliveryPlan, _ job: RestingJob) async throws -> DeliveryEvent {
        let number = plan.entry(of: part).attempts + 1
        do {
            switch part {
            case .file: return try await put(plan, number, job)
            case .hook(let index):
                let stopwatch = Stopwatch(environment.clock)
                let program = plan.hook(index)?.command.first ?? ""
                try await tell(index, plan, number, job)
                return .hookCompleted(
                    DeliveryEvent.HookAttempt(hook: index, program: program, attempt: number),
                    durationMilliseconds: Int(stopwatch.elapsed.wholeMilliseconds)
                )
            }
        } catch let failure as Failure {
            let hook = if case .hook(let index) = part { plan.hook(index) } else { DeliverySettings.Hook?.none }
            let retry = hook?.retry ?? plan.settings.folder?.retry ?? DeliverySettings.retryDefault
            let delay = retry.delay(after: number, floor: nil, jitter: environment.jitter())
            let retryAt = number < retry.attempts ? now + delay : nil
            return .failed(part, .init(number, failure, retryAt: retryAt, program: hook?.command.first))
        }
    }

    private func put(_ plan: DeliveryPlan, _ number: Int, _ job: RestingJob) async throws -> DeliveryEvent {
        let replay = job.replay
        guard let folder = plan.settings.folder else { throw Failure(.permanent, "the queue has no directory") }
        let bytes: [UInt8]
        if plan.event == .completed {
            let output = replay.output ?? .null
            bytes = output.string.map { Array($0.utf8) } ?? Array("\(output.indentedText)\n".utf8)
        } else {
            bytes = Array((ResultDocument(replay).errorText ?? "").utf8)
        }
        let name = (plan.event == .completed ? folder.result : folder.error).name(for: replay)
        let path = try await node.run { [node] in
            try Outbox(folder, fileSystem: node.spool.fileSystem).put(bytes, as: name, of: replay.name.id)
        }
        let digest = SHA256.hash(bytes).hexadecimal
        return .delivered(.init(path: path, attempt: number, size: bytes.count, sha256: digest))
    }

    private func tell(_ index: Int, _ plan: DeliveryPlan, _ number: Int, _ job: RestingJob) async throws {
        guard let hook = plan.hook(index) else { throw Failure(.permanent, "there is no such hook") }
        let replay = job.replay
        let outcome = replay.outcome?.rawValue ?? plan.event.rawValue
        var variables = [
            "AGENTSPOOL_JOB": replay.name.id.text, "AGENTSPOOL_QUEUE": replay.acceptance?.queue ?? "",
            "AGENTSPOOL_WORKFLOW": replay.acceptance?.workflow ?? "", "AGENTSPOOL_OUTCOME": outcome,
            "AGENTSPOOL_NAME": replay.acceptance?.name ?? "", "AGENTSPOOL_ATTEMPT": String(number),
            "AGENTSPOOL_JOB_DIR": job.path,
        ]
        variables["AGENTSPOOL_DELIVERED"] = plan.progress.path
        let input: [UInt8]
        if case .held(let hold) = replay.life.state {
            var row = JobSummary(replay)?.json.object ?? [:]
            row["approval"] = hold.approval?.json ?? .null
            input = JSON.object(row).bytes + [0x0A]
        } else {
            variables["AGENTSPOOL_RESULT"] = "\(job.path)/\(SpoolLayout.result)"
            input = ResultDocument(replay).json.bytes + [0x0A]
        }
        let key = "\(replay.name.id)/@hook/\(plan.progress.since)/\(index)"
        try await hooks.run(hook, input: input, variables: variables, key: key)
    }
}
