import OrderedCollections

/// One line of a job's `history.jsonl`.
package struct HistoryRecord: Sendable, Equatable {
    /// From 1, without gaps.
    package var seq: Int
    /// How often the job had been claimed when this was written.
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
        case .deferred: "deferred"
        case .held: "held"
        case .approved: "approved"
        case .denied: "denied"
        case .released: "released"
        case .retried: "retried"
        case .cancelled: "cancelled"
        case .completed: "completed"
        case .failed: "failed"
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
        case .claimed(let node, let cause):
            bytes.append(member: "node", node)
            bytes.append(member: "cause", cause.rawValue)
        case .stepStarted(let start):
            bytes.append(member: "step", start.step)
            bytes.append(member: "kind", start.kind.rawValue)
            bytes.append(member: "attempt", start.attempt)
            bytes.append(member: "effect", start.effect?.rawValue)
            bytes.append(member: "tool", start.tool)
            bytes.append(member: "model", start.model)
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
        case .unknown(_, let members):
            for (name, value) in members.object ?? [:] {
                bytes.append(",")
                bytes.append(json: name)
                bytes.append(":")
                bytes.append(json: value)
            }
        }
    }

    private func append(_ decision: Decision, to bytes: inout [UInt8]) {
        bytes.append(member: "uid", decision.uid)
        bytes.append(member: "user", decision.user)
        bytes.append(member: "reason", decision.reason)
    }

    private func append(_ failure: Failure, to bytes: inout [UInt8]) {
        bytes.append(member: "class", failure.class.rawValue)
        bytes.append(member: "message", failure.message)
        bytes.append(member: "hint", failure.hint)
        bytes.append(member: "response", failure.response)
    }

    private func append(_ acceptance: Acceptance, to bytes: inout [UInt8]) {
        bytes.append(member: "name", acceptance.name)
        bytes.append(member: "file", acceptance.file)
        bytes.append(member: "kind", acceptance.kind.rawValue)
        bytes.append(member: "size", acceptance.size)
        bytes.append(member: "lines", acceptance.lines)
        bytes.append(member: "sha256", acceptance.sha256)
        bytes.append(member: "owner_uid", acceptance.ownerUID)
        bytes.append(member: "owner", acceptance.owner)
        bytes.append(member: "queue", acceptance.queue)
        bytes.append(member: "workflow", acceptance.workflow)
        bytes.append(member: "priority", acceptance.priority)
        bytes.append(member: "run_at", acceptance.runAt?.text)
        bytes.append(member: "deadline", acceptance.deadline?.text)
        if !acceptance.labels.isEmpty {
            bytes.append(member: "labels", .object(acceptance.labels.mapValues(JSON.string)))
        }
        bytes.append(member: "limits", acceptance.limits.json)
        bytes.append(member: "idempotency_key", acceptance.idempotencyKey)
        bytes.append(member: "resume_from", acceptance.resumeFrom?.text)
        bytes.append(member: "definition", acceptance.definition)
    }
}

// MARK: Reading

extension HistoryRecord {
    /// Reads a record; nil when a member that its type needs is missing or of the wrong kind.
    package init?(json: JSON) {
        guard let seq = json["seq"]?.count, let epoch = json["epoch"]?.count,
            let at = json["at"]?.string.flatMap(Timestamp.init(text:)), let type = json["type"]?.string,
            let event = JobEvent(type: type, json)
        else { return nil }
        self.init(seq: seq, epoch: epoch, at: at, event: event)
    }
}

extension JobEvent {
    fileprivate init?(type: String, _ json: JSON) {
        switch type {
        case "accepted":
            guard let acceptance = Acceptance(json: json) else { return nil }
            self = .accepted(acceptance)
        case "claimed":
            guard let node = json["node"]?.string, let cause = json["cause"]?.string.flatMap(ClaimCause.init) else {
                return nil
            }
            self = .claimed(node: node, cause: cause)
        case "step.started", "step.completed", "step.failed":
            guard let step = JobEvent(stepType: type, json) else { return nil }
            self = step
        case "deferred":
            guard let until = json["until"]?.string.flatMap(Timestamp.init(text:)) else { return nil }
            self = .deferred(until: until, reason: json["reason"]?.string ?? "")
        case "held":
            guard let reason = json["reason"]?.string.flatMap(Hold.Reason.init) else { return nil }
            self = .held(
                Hold(
                    reason: reason,
                    step: json["step"]?.string,
                    message: json["message"]?.string ?? "",
                    approval: json["approval"].flatMap(ApprovalRequest.init(json:))
                )
            )
        case "approved", "denied", "released", "retried", "cancelled":
            guard let decision = JobEvent(decisionType: type, json) else { return nil }
            self = decision
        case "completed": self = .completed(output: json["output"] ?? .null)
        case "failed":
            guard let failure = Failure(json: json) else { return nil }
            self = .failed(step: json["step"]?.string, failure)
        default:
            var members = json.object ?? [:]
            for name in ["seq", "epoch", "at", "type", "chain"] { members[name] = nil }
            self = .unknown(type: type, members: .object(members))
        }
    }

    private init?(decisionType type: String, _ json: JSON) {
        guard let uid = json["uid"]?.int, let user = json["user"]?.string else { return nil }
        let decision = Decision(uid: uid, user: user, reason: json["reason"]?.string)
        switch type {
        case "approved":
            guard let step = json["step"]?.string, let hash = json["arguments_hash"]?.string else { return nil }
            self = .approved(
                Approval(step: step, decision: decision, argumentsHash: hash, arguments: json["arguments"])
            )
        case "denied": self = .denied(Denial(step: json["step"]?.string, decision: decision))
        case "released":
            var release = Release(decision, limits: Limits(json: json["limits"]))
            release.step = json["step"]?.string
            if json["again"]?.bool == true { release.finding = .again }
            if let output = json["assumed_output"] { release.finding = .done(output: output) }
            self = .released(release)
        case "retried": self = .retried(decision)
        default: self = .cancelled(decision)
        }
    }

    private init?(stepType type: String, _ json: JSON) {
        guard let step = json["step"]?.string, let kind = json["kind"]?.string.flatMap(StepKind.init),
            let attempt = json["attempt"]?.count
        else { return nil }
        let tool = json["tool"]?.string
        let model = json["model"]?.string
        let usage = json["usage"].map(Usage.init(json:))
        let duration = json["duration_ms"]?.int ?? 0
        switch type {
        case "step.started":
            var start = StepStart(
                step: step,
                kind: kind,
                attempt: attempt,
                effect: json["effect"]?.string.flatMap(Effect.init),
                tool: tool,
                model: model,
                arguments: json["arguments"],
                summary: json["summary"]?.string
            )
            start.asked = json["asked"]?.string
            self = .stepStarted(start)
        case "step.completed":
            var completion = StepCompletion(
                step: step,
                kind: kind,
                attempt: attempt,
                output: json["output"],
                isSkipped: json["skipped"]?.bool ?? false,
                durationMilliseconds: duration,
                tool: tool,
                model: model,
                usage: usage,
                failure: Failure(json: json),
                summary: json["summary"]?.string
            )
            completion.fallback = json["fallback"]?.string
            completion.rejectedOutputs = json["rejected_outputs"]?.int ?? 0
            completion.isChecked = json["checked"]?.bool ?? false
            completion.asked = json["asked"]?.string
            completion.isResumed = json["resumed"]?.bool ?? false
            self = .stepCompleted(completion)
        default:
            guard let failure = Failure(json: json) else { return nil }
            self = .stepFailed(
                StepFailure(
                    step: step,
                    kind: kind,
                    attempt: attempt,
                    failure: failure,
                    retryAt: json["retry_at"]?.string.flatMap(Timestamp.init(text:)),
                    durationMilliseconds: duration,
                    tool: tool,
                    model: model,
                    usage: usage
                )
            )
        }
    }
}

extension JSON {
    /// A number that counts up from record to record; nil where the next one might overflow.
    fileprivate var count: Int? { int.flatMap { (0...1_000_000_000_000).contains($0) ? $0 : nil } }
}

extension Failure {
    fileprivate init?(json: JSON) {
        guard let `class` = json["class"]?.string.flatMap(FailureClass.init), let message = json["message"]?.string
        else { return nil }
        self.init(`class`, message, hint: json["hint"]?.string)
        response = json["response"]
    }
}

extension Acceptance {
    fileprivate init?(json: JSON) {
        guard let name = json["name"]?.string, let file = json["file"]?.string,
            let kind = json["kind"]?.string.flatMap(Kind.init), let size = json["size"]?.int,
            let sha256 = json["sha256"]?.string, let ownerUID = json["owner_uid"]?.int,
            let owner = json["owner"]?.string, let queue = json["queue"]?.string,
            let workflow = json["workflow"]?.string, let definition = json["definition"]
        else { return nil }
        self.init(
            name: name,
            file: file,
            kind: kind,
            size: size,
            sha256: sha256,
            ownerUID: ownerUID,
            owner: owner,
            queue: queue,
            workflow: workflow,
            definition: definition
        )
        lines = json["lines"]?.int
        priority = json["priority"]?.int ?? 0
        runAt = json["run_at"]?.string.flatMap(Timestamp.init(text:))
        deadline = json["deadline"]?.string.flatMap(Timestamp.init(text:))
        labels = (json["labels"]?.object ?? [:]).compactMapValues(\.string)
        limits = Limits(json: json["limits"])
        idempotencyKey = json["idempotency_key"]?.string
        resumeFrom = json["resume_from"]?.string.flatMap(JobID.init)
    }
}
