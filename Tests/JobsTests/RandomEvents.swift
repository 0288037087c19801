import Documents
import Jobs
import OrderedCollections
import TestKit

extension SeededRandom {
    mutating func timestamp() -> Timestamp {
        Timestamp(milliseconds: Int64.random(in: 0...4_000_000_000_000, using: &self))
    }

    mutating func failure() -> Failure {
        var failure = Failure(pick(FailureClass.allCases), text(), hint: chance(0.5) ? text() : nil)
        if chance(0.5) { failure.response = json() }
        return failure
    }

    mutating func usage() -> Usage {
        var usage = Usage()
        usage.modelCalls = Int.random(in: 0...9, using: &self)
        usage.toolCalls = Int.random(in: 0...9, using: &self)
        usage.inputTokens = Int.random(in: 0...1_000_000, using: &self)
        usage.cachedInputTokens = Int.random(in: 0...1_000, using: &self)
        usage.outputTokens = Int.random(in: 0...1_000, using: &self)
        usage.costUSD = Double.random(in: 0..<1, using: &self)
        return usage
    }

    mutating func decision() -> Decision {
        Decision(uid: Int.random(in: 0...65_535, using: &self), user: text(), reason: chance(0.5) ? text() : nil)
    }

    mutating func acceptance() -> Acceptance {
        var acceptance = Acceptance(
            name: text(),
            file: text(),
            kind: pick([.document, .batch, .file]),
            size: Int.random(in: 0 ... .max, using: &self),
            sha256: text(),
            ownerUID: 1_000,
            owner: text(),
            queue: text(),
            workflow: text(),
            definition: json()
        )
        if chance(0.5) { acceptance.lines = Int.random(in: 0...1_000, using: &self) }
        if chance(0.3) { acceptance.form = [.lines, .values, .table(delimiter: 0x09)].randomElement(using: &self) }
        if chance(0.3) { acceptance.textMax = Int.random(in: 0...1_000, using: &self) }
        if chance(0.3) { acceptance.inputSHA256 = "2c26b46b" }
        acceptance.priority = Int.random(in: 0...9, using: &self)
        if chance(0.5) { acceptance.runAt = timestamp() }
        if chance(0.5) { acceptance.deadline = timestamp() }
        if chance(0.5) { acceptance.labels = ["a": text(), "b": text()] }
        if chance(0.5) { acceptance.idempotencyKey = text() }
        if chance(0.5) { acceptance.resumeFrom = JobID(time: timestamp(), high: 1, low: 2) }
        if chance(0.5) { acceptance.turn = JobID(time: timestamp(), high: 1, low: 3) }
        if chance(0.5) {
            acceptance.limits.costUSD = Double.random(in: 0...1_000, using: &self)
            acceptance.limits.duration = .milliseconds(Int.random(in: 0...1_000_000, using: &self))
        }
        if chance(0.5) { acceptance.limits.tokens = 5 }
        return acceptance
    }

    mutating func step() -> JobEvent {
        let kind = pick([StepKind.model, .tool, .agent, .forEach, .line])
        let tool = chance(0.5) ? text() : nil
        let attempt = Int.random(in: 1...5, using: &self)
        let duration = Int.random(in: 0...1_000, using: &self)
        switch Int.random(in: 0..<3, using: &self) {
        case 0:
            var start = StepStart(step: text(), kind: kind, attempt: attempt, tool: tool)
            start.effect = chance(0.5) ? pick(Effect.allCases) : nil
            start.model = chance(0.5) ? text() : nil
            start.arguments = chance(0.5) ? json() : nil
            start.summary = chance(0.5) ? text() : nil
            start.isAlone = chance(0.2)
            return .stepStarted(start)
        case 1:
            var completion = StepCompletion(
                step: text(),
                kind: kind,
                attempt: attempt,
                isSkipped: chance(0.2),
                tool: tool
            )
            completion.output = chance(0.7) ? json() : nil
            completion.usage = chance(0.5) ? usage() : nil
            completion.failure = chance(0.2) ? failure() : nil
            completion.durationMilliseconds = duration
            completion.summary = chance(0.5) ? text() : nil
            completion.fallback = chance(0.2) ? text() : nil
            completion.rejectedOutputs = pick([0, 0, 2])
            completion.asked = chance(0.5) ? text() : nil
            (completion.isChecked, completion.isResumed) = (chance(0.2), chance(0.2))
            completion.answer = AnswerMetadata(
                finishReason: chance(0.5) ? text() : nil,
                isTruncated: chance(0.2),
                note: chance(0.2) ? text() : nil,
                reasoning: chance(0.2) ? text() : nil
            )
            return .stepCompleted(completion)
        default:
            var failed = StepFailure(step: text(), kind: kind, attempt: attempt, failure: failure(), tool: tool)
            failed.retryAt = chance(0.5) ? timestamp() : nil
            failed.usage = chance(0.5) ? usage() : nil
            failed.durationMilliseconds = duration
            return .stepFailed(failed)
        }
    }

    private mutating func hold() -> Hold {
        var hold = Hold(reason: pick(Hold.Reason.allCases), step: chance(0.5) ? text() : nil, message: text())
        if chance(0.5) {
            hold.approval = ApprovalRequest(
                step: text(),
                tool: chance(0.5) ? text() : nil,
                arguments: json(),
                why: text(),
                expires: chance(0.5) ? timestamp() : nil,
                onExpiry: pick(ApprovalRequest.ExpiryAction.allCases),
                onDenied: pick(ApprovalRequest.DenialAction.allCases)
            )
        }
        return hold
    }

    private mutating func approval() -> Approval {
        Approval(
            step: text(),
            decision: decision(),
            argumentsHash: text(),
            arguments: chance(0.5) ? json() : nil
        )
    }

    private mutating func release() -> Release {
        var release = Release(decision(), finding: pick([nil, .again, .done(output: json())]))
        release.step = chance(0.5) ? text() : nil
        if chance(0.5) {
            release.limits.tokens = Int.random(in: 0...9, using: &self)
            release.limits.turns = 3
            release.limits.costUSD = 0.5
        }
        return release
    }

    private mutating func delivery() -> DeliveryEvent {
        let number = Int.random(in: 1...9, using: &self)
        var failure = failure()
        failure.response = nil
        let attempt = DeliveryEvent.Attempt(number, failure, retryAt: chance(0.5) ? timestamp() : nil)
        return pick([
            .delivered(.init(path: text(), attempt: number, size: 3, sha256: text())),
            .hookCompleted(.init(hook: 1, program: text(), attempt: number), durationMilliseconds: 4),
            .failed(.file, attempt), .failed(.hook(2), attempt), .asked(decision()),
        ])
    }

    mutating func event() -> JobEvent {
        switch Int.random(in: 0..<13, using: &self) {
        case 0: .accepted(acceptance())
        case 1: .claimed(node: text(), cause: pick([.due, .recovery]), after: pick([nil] + PreviousRunEnd.allCases))
        case 2, 3, 4: step()
        case 5: .deferred(until: timestamp(), reason: text())
        case 6: .held(hold())
        case 7:
            pick([
                .released(release()), .retried(decision()), .cancelled(decision()), .approved(approval()),
                .denied(Denial(step: chance(0.5) ? text() : nil, decision: decision())),
            ])
        case 8: .completed(output: json())
        case 9: .failed(step: chance(0.5) ? text() : nil, failure())
        case 10: .delivery(delivery())
        default:
            .unknown(type: "approved.\(Int.random(in: 0...9, using: &self))", members: ["x": json(), "step": json()])
        }
    }
}
