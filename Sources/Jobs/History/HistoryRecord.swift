package import Documents
import OrderedCollections

/// One line of a job's `history.jsonl`.
package struct HistoryRecord: Sendable, Equatable {
    /// From 1, without gaps.
    package var seq: Int
    /// How often the job had been claimed when the record was written.
    package var epoch: Int
    package var at: Timestamp
    package var event: JobEvent

    package init(seq: Int, epoch: Int, at: Timestamp, event: JobEvent) {
        (self.seq, self.epoch, self.at, self.event) = (seq, epoch, at, event)
    }
}

extension JobEvent {
    package var type: String {
        switch self {
        case .accepted: "accepted"
        case .claimed: "claimed"
        case .stepStarted: "step.started"
        case .stepCompleted: "step.completed"
        case .stepFailed: "step.failed"
        case .stepWaits: "step.waits"
        case .deferred: "deferred"
        case .held: "held"
        case .approved: "approved"
        case .denied: "denied"
        case .released: "released"
        case .retried: "retried"
        case .cancelled: "cancelled"
        case .completed: "completed"
        case .failed: "failed"
        case .delivery(let event): event.type
        case .unknown(let type, _): type
        }
    }
}

// MARK: Writing

extension HistoryRecord {
    /// The record as an object, without its chain and its closing brace; ``HistoryChain`` seals it.
    package var openBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes.append("{\"seq\":")
        bytes.append(json: seq)
        bytes.append(",\"epoch\":")
        bytes.append(json: epoch)
        bytes.append(",\"at\":\"")
        bytes.append(contentsOf: at.bytes)
        bytes.append("\",\"type\":")
        bytes.append(json: event.type)
        append(event, to: &bytes)
        return bytes
    }

    private func append(_ event: JobEvent, to bytes: inout [UInt8]) {
        switch event {
        case .accepted(let acceptance): append(acceptance, to: &bytes)
        case .claimed(let node, let cause, let after):
            bytes.append(member: "node", node)
            bytes.append(member: "cause", cause.rawValue)
            bytes.append(member: "after", after?.rawValue)
        case .stepStarted(let start):
            bytes.append(member: "step", start.step)
            bytes.append(member: "kind", start.kind.rawValue)
            bytes.append(member: "attempt", start.attempt)
            bytes.append(member: "effect", start.effect?.rawValue)
            bytes.append(member: "tool", start.tool)
            bytes.append(member: "model", start.model)
            if start.isAlone { bytes.append(",\"alone\":true") }
            bytes.append(member: "summary", start.summary)
            bytes.append(member: "asked", start.asked)
            bytes.append(member: "arguments", start.arguments)
        case .stepCompleted(let step):
            bytes.append(member: "step", step.step)
            bytes.append(member: "kind", step.kind.rawValue)
            bytes.append(member: "attempt", step.attempt)
            if step.isSkipped { bytes.append(",\"skipped\":true") }
            bytes.append(member: "tool", step.tool)
            bytes.append(member: "model", step.model)
            bytes.append(member: "duration_ms", step.durationMilliseconds)
            bytes.append(member: "fallback", step.fallback)
            if step.rejectedOutputs > 0 { bytes.append(member: "rejected_outputs", step.rejectedOutputs) }
            if step.isChecked { bytes.append(",\"checked\":true") }
            bytes.append(member: "asked", step.asked)
            if step.isResumed { bytes.append(",\"resumed\":true") }
            bytes.append(member: "usage", step.usage?.json)
            if let failure = step.failure { append(failure, to: &bytes) }
            append(step.answer, to: &bytes)
            bytes.append(member: "summary", step.summary)
            bytes.append(member: "output", step.output)
        case .stepFailed(let step):
            bytes.append(member: "step", step.step)
            bytes.append(member: "kind", step.kind.rawValue)
            bytes.append(member: "attempt", step.attempt)
            append(step.failure, to: &bytes)
            bytes.append(member: "retry_at", step.retryAt?.text)
            bytes.append(member: "tool", step.tool)
            bytes.append(member: "model", step.model)
            bytes.append(member: "duration_ms", step.durationMilliseconds)
            bytes.append(member: "usage", step.usage?.json)
        case .deferred(let until, let reason):
            bytes.append(member: "until", until.text)
            bytes.append(member: "reason", reason)
        case .held(let hold):
            bytes.append(member: "reason", hold.reason.rawValue)
            bytes.append(member: "step", hold.step)
            bytes.append(member: "message", hold.message)
            bytes.append(member: "approval", hold.approval?.json)
        case .approved(let approval):
            bytes.append(member: "step", approval.step)
            append(approval.decision, to: &bytes)
            bytes.append(member: "arguments_hash", approval.argumentsHash)
            bytes.append(member: "arguments", approval.arguments)
        case .denied(let denial):
            bytes.append(member: "step", denial.step)
            append(denial.decision, to: &bytes)
        case .released(let release):
            bytes.append(member: "step", release.step)
            append(release.decision, to: &bytes)
            if release.finding == .again { bytes.append(",\"again\":true") }
            if case .done(let output) = release.finding { bytes.append(member: "assumed_output", output) }
            bytes.append(member: "limits", release.limits.json)
        case .retried(let decision), .cancelled(let decision): append(decision, to: &bytes)
        case .completed(let output): bytes.append(member: "output", output)
        case .failed(let step, let failure):
            bytes.append(member: "step", step)
            append(failure, to: &bytes)
        case .stepWaits(let wait): append(members: wait.json, to: &bytes)
        case .delivery(let event): append(members: JSON(members: event.members), to: &bytes)
        case .unknown(_, let members): append(members: members, to: &bytes)
        }
    }

    private func append(members: JSON, to bytes: inout [UInt8]) {
        for (name, value) in members.object ?? [:] {
            bytes.append(",")
            bytes.append(json: name)
            bytes.append(":")
            bytes.append(json: value)
        }
    }

    private func append(_ answer: AnswerMetadata, to bytes: inout [UInt8]) {
        bytes.append(member: "finish_reason", answer.finishReason)
        if answer.isTruncated { bytes.append(",\"truncated\":true") }
        bytes.append(member: "note", answer.note)
        bytes.append(member: "reasoning", answer.reasoning)
    }

    private func append(_ decision: Decision, to bytes: inout [UInt8]) {
        bytes.append(member: "uid", decision.uid)
        bytes.append(member: "user", decision.user)
        bytes.append(member: "reason", decision.reason)
    }

    private func append(_ failure: Failure, to bytes: inout [UInt8]) {
        bytes.append(member: "class", failure.class.rawValue)
        bytes.append(member: "code", failure.code)
        bytes.append(member: "message", failure.message)
        bytes.append(member: "hint", failure.hint)
        bytes.append(member: "response", failure.response)
    }
}
