import Documents
import Jobs
import OrderedCollections
import Redaction
import Tools
import Workflow

/// Removes secrets from a job's events before they are recorded.
///
/// Every text about a job outside its directory (index, lists, journal, error.txt) is made from these members of its
/// records alone. They are redacted here, once, so a rebuilt index holds the same rows. Arguments and outputs stay
/// complete in the history, each with a redacted summary beside it.
struct EventRedaction: Sendable {
    private var redactor: Redactor

    init(_ redactor: Redactor) { self.redactor = redactor }

    // MARK: Path rules

    mutating func hide(valuesOf value: JSON, root: Redactor.Root) {
        redactor = redactor.hiding(valuesOf: value, root: root)
    }

    mutating func hideValues(of event: JobEvent) {
        switch event {
        case .stepStarted(let start): if let arguments = start.arguments { hide(valuesOf: arguments, root: .arguments) }
        case .stepCompleted(let step): if let output = step.output { hide(valuesOf: output, root: .output) }
        default: break
        }
    }

    /// Hides the values of the steps before a job was resumed; no later message contains the arguments of finished
    /// steps.
    mutating func hideValues(of steps: StepLedger) {
        for entry in steps.entries.values {
            if let arguments = entry.pending?.arguments { hide(valuesOf: arguments, root: .arguments) }
            if let output = entry.output { hide(valuesOf: output, root: .output) }
        }
    }

    // MARK: Redacting

    /// The switch names every event, so that the compiler reports a new one that is missing.
    func redacted(_ event: JobEvent) -> JobEvent {
        switch event {
        case .accepted, .claimed, .completed, .unknown: return event
        case .stepStarted(var start):
            start.summary = start.arguments.map { redactor.summary(of: $0, root: .arguments) }
            return .stepStarted(start)
        case .stepCompleted(var step):
            step.summary = step.output.map { redactor.summary(of: Self.shown($0, of: step.kind), root: .output) }
            step.failure = step.failure.map(redacted)
            // The model chooses the tool's name and the provider the model's: both may contain a secret.
            step.tool = step.tool.map(redactor.redact)
            step.model = step.model.map(redactor.redact)
            step.answer.note = step.answer.note.map(redactor.redact)
            step.answer.finishReason = step.answer.finishReason.map(redactor.redact)
            return .stepCompleted(step)
        case .stepFailed(var step):
            step.failure = redacted(step.failure)
            return .stepFailed(step)
        case .stepWaits(var step):
            step.reason = redactor.redact(step.reason)
            return .stepWaits(step)
        case .deferred(let until, let reason): return .deferred(until: until, reason: redactor.redact(reason))
        case .held(let hold): return .held(redacted(hold))
        case .approved(let approval): return .approved(redacted(approval))
        case .denied(let denial): return .denied(redacted(denial))
        case .released(let release): return .released(redacted(release))
        case .retried(let decision): return .retried(redacted(decision))
        case .cancelled(let decision): return .cancelled(redacted(decision))
        case .failed(let step, let failure): return .failed(step: step, redacted(failure))
        case .delivery(let event): return .delivery(redacted(event))
        }
    }

    private func redacted(_ event: DeliveryEvent) -> DeliveryEvent {
        switch event {
        case .delivered, .hookCompleted: return event
        case .failed(let part, var attempt):
            attempt.failure = redacted(attempt.failure)
            return .failed(part, attempt)
        case .asked(let decision): return .asked(redacted(decision))
        }
    }

    /// A model's turn without its member `turn`, which only the model itself reads again.
    private static func shown(_ output: JSON, of kind: StepKind) -> JSON {
        guard kind == .model, output["tool_calls"] != nil, case .object(var members) = output else { return output }
        members["turn"] = nil
        return .object(members)
    }

    func redacted(_ command: JobCommand) -> JobCommand {
        switch command {
        case .accept, .claim, .complete: command
        case .step(let event): .step(redacted(event))
        case .deferUntil(let due, let reason): .deferUntil(due, reason: redactor.redact(reason))
        case .hold(let hold): .hold(redacted(hold))
        case .fail(let step, let failure): .fail(step: step, redacted(failure))
        case .cancel(let decision): .cancel(redacted(decision))
        case .retry(let decision): .retry(redacted(decision))
        case .release(let release): .release(redacted(release))
        case .approve(let approval): .approve(redacted(approval))
        case .deny(let denial): .deny(redacted(denial))
        case .deliver(let event): .deliver(redacted(event))
        }
    }

    /// The arguments that the approver set stay complete, as all arguments do.
    private func redacted(_ approval: Approval) -> Approval {
        var approval = approval
        approval.decision = redacted(approval.decision)
        return approval
    }

    private func redacted(_ denial: Denial) -> Denial {
        var denial = denial
        denial.decision = redacted(denial.decision)
        return denial
    }

    private func redacted(_ release: Release) -> Release {
        var release = release
        release.decision = redacted(release.decision)
        return release
    }

    private func redacted(_ failure: Failure) -> Failure {
        var failure = failure
        failure.message = redactor.redact(failure.message)
        failure.hint = failure.hint.map(redactor.redact)
        return failure
    }

    private func redacted(_ hold: Hold) -> Hold {
        var hold = hold
        hold.message = redactor.redact(hold.message)
        return hold
    }

    private func redacted(_ decision: Decision) -> Decision {
        var decision = decision
        decision.reason = decision.reason.map(redactor.redact)
        return decision
    }
}
