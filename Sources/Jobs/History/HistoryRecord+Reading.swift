package import Documents
import OrderedCollections

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
            self = .claimed(node: node, cause: cause, after: json["after"]?.string.flatMap(PreviousRunEnd.init))
        case "step.started", "step.completed", "step.failed":
            guard let step = JobEvent(stepType: type, json) else { return nil }
            self = step
        case "step.waits":
            guard let wait = StepWait(json: json) else { return nil }
            self = .stepWaits(wait)
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
        case "delivered", "delivery.failed", "delivery.asked", "hook.completed", "hook.failed":
            guard let event = DeliveryEvent(type: type, json) else { return nil }
            self = .delivery(event)
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
            start.isAlone = json["alone"]?.bool ?? false
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
            completion.answer = AnswerMetadata(
                finishReason: json["finish_reason"]?.string,
                isTruncated: json["truncated"]?.bool ?? false,
                note: json["note"]?.string,
                reasoning: json["reasoning"]?.string
            )
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
        code = json["code"]?.string
        response = json["response"]
    }
}
