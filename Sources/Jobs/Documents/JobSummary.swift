package import Documents
package import OrderedCollections

/// The row of a job in `agentspool list` and in the index.
package struct JobSummary: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        case waiting, running, deferred, held, done, failed, rejected
        /// A drop that repeats the request of a job; its reason names the job.
        case duplicate
    }

    package var job: String
    package var name: String
    package var queue: String
    package var workflow: String?
    package var state: State
    package var outcome: String?
    package var reason: String?
    /// What the job waits for, as a sentence without its full stop; nil when it runs or has ended.
    package var why: String?
    package var labels: OrderedDictionary<String, String> = [:]
    package var owner: String?
    /// `Owner.tokenUID` for a token.
    package var ownerUID: Int?
    package var acceptedAt: Timestamp?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var dueAt: Timestamp?
    package var step: String?
    package var attempts = 0
    package var tokens = 0
    package var costUSD = 0.0
    /// Whether a model's answer was cut at a limit and kept.
    package var isTruncated = false
    /// What became of the delivery and the hooks; nil where there is nothing to do.
    package var delivery: DeliveryPlan.Status?
    /// Why the delivery or a hook has failed so far; nil when none has.
    package var deliveryReason: String?
    /// The sequence number of the record that this row shows; a row never replaces a newer one.
    package var seq = 0

    package init(job: String, name: String, queue: String, state: State) {
        (self.job, self.name, self.queue, self.state) = (job, name, queue, state)
    }

    /// The row of a replayed job; nil before its acceptance.
    package init?(_ replay: JobReplay) {
        guard let acceptance = replay.acceptance else { return nil }
        self.init(job: replay.name.id.text, name: acceptance.name, queue: acceptance.queue, state: .waiting)
        workflow = acceptance.workflow
        labels = acceptance.labels
        owner = acceptance.owner
        ownerUID = acceptance.ownerUID
        acceptedAt = replay.acceptedAt
        startedAt = replay.startedAt
        finishedAt = replay.finishedAt
        seq = replay.life.seq
        step = replay.currentStep
        attempts = step.flatMap { replay.steps[$0]?.attempts } ?? 0
        tokens = replay.usage.tokens
        costUSD = replay.usage.costUSD
        isTruncated = replay.isTruncated
        outcome = replay.outcome?.rawValue
        noteDelivery(replay)
        switch replay.life.state {
        case .absent, .waiting: state = .waiting
        case .running: state = .running
        case .deferred(let until):
            state = .deferred
            dueAt = until
        case .held: state = .held
        case .ended(.completed, _): state = .done
        case .ended: state = .failed
        }
        reason = (replay.failedLines?.text ?? replay.lastTurn?.reason).map(Self.short)
        switch state {
        case .waiting: why = Self.awaitsWorker
        case .deferred, .held: why = reason
        case .running, .done, .failed, .rejected, .duplicate: why = nil
        }
    }

    private mutating func noteDelivery(_ replay: JobReplay) {
        if replay.delivery == nil { return }
        do throws(DocumentError) {
            guard let plan = try DeliveryPlan(replay) else { return }
            delivery = plan.status
            deliveryReason = plan.reason.map(Self.short)
        } catch {
            // Settings of a later version, whose daemon delivers it.
            (delivery, deliveryReason) = (.waiting, Self.short("\(error)"))
        }
    }

    /// What a job waits for that was accepted and has not begun.
    package static let awaitsWorker = "waits for a free worker"

    /// The first line of a text, cut: rows hold summaries, the job directory holds the whole text.
    package static func short(_ text: String) -> String {
        let line = text.prefix { $0 != "\n" && $0 != "\r\n" }
        return line.count <= 200 ? String(line) : line.prefix(199) + "…"
    }

    package var json: JSON {
        [
            "job": .string(job), "name": .string(name), "queue": .string(queue), "workflow": JSON(workflow),
            "state": .string(state.rawValue), "outcome": JSON(outcome), "reason": JSON(reason),
            "why": JSON(why),
            "labels": .object(labels.mapValues(JSON.string)), "owner": JSON(owner),
            "accepted_at": JSON(acceptedAt?.text), "started_at": JSON(startedAt?.text),
            "finished_at": JSON(finishedAt?.text), "due_at": JSON(dueAt?.text), "step": JSON(step),
            "attempts": .int(Int64(attempts)), "tokens": .int(Int64(tokens)), "cost_usd": .double(costUSD),
            "truncated": .bool(isTruncated), "delivery": JSON(delivery?.rawValue),
        ]
    }
}

extension JSON {
    /// The text, or null.
    package init(_ text: String?) { self = text.map(JSON.string) ?? .null }
}

extension JobEvent {
    fileprivate var reason: String? {
        switch self {
        case .deferred(_, let reason): reason
        case .held(let hold): hold.message.isEmpty ? hold.reason.rawValue : "\(hold.reason.rawValue): \(hold.message)"
        case .approved(let approval): approval.decision.reason
        case .denied(let denial): "denied by \(denial.decision.user)\(denial.decision.reason.map { ": \($0)" } ?? "")"
        case .released(let release): release.decision.reason
        case .retried(let decision), .cancelled(let decision): decision.reason
        case .failed(_, let failure): "\(failure.class.rawValue): \(failure.message)"
        default: nil
        }
    }
}
