package import Documents
package import OrderedCollections

/// What happened to a job: the part of a history record that differs from type to type.
package indirect enum JobEvent: Sendable, Equatable {
    case accepted(Acceptance)
    /// - Parameter after: How the daemon that had the job before ended; nil where that is not known.
    case claimed(node: String, cause: ClaimCause, after: PreviousRunEnd? = nil)
    case stepStarted(StepStart)
    case stepCompleted(StepCompletion)
    case stepFailed(StepFailure)
    /// A step was begun, and waits because its model rests: it counts as no attempt.
    case stepWaits(StepWait)
    case deferred(until: Timestamp, reason: String)
    case held(Hold)
    case approved(Approval)
    case denied(Denial)
    case released(Release)
    case retried(Decision)
    case cancelled(Decision)
    case completed(output: JSON)
    case failed(step: String?, Failure)
    /// After the end, or while the job is held: it changes nothing about the job's state.
    case delivery(DeliveryEvent)
    /// A type that this version does not know; readers keep it and skip it.
    case unknown(type: String, members: JSON)
}

extension JobEvent {
    /// The path of the step that this is about.
    package var step: String? {
        switch self {
        case .stepStarted(let step): step.step
        case .stepCompleted(let step): step.step
        case .stepFailed(let step): step.step
        case .stepWaits(let wait): wait.step
        case .held(let hold): hold.step
        case .approved(let approval): approval.step
        case .denied(let denial): denial.step
        case .released(let release): release.step
        case .failed(let step, _): step
        default: nil
        }
    }
}

package enum ClaimCause: String, Sendable {
    /// Taken from `deferred/` when due.
    case due
    /// Taken over from a node that died.
    case recovery
}

/// What was accepted: all that any node needs to run the job.
package struct Acceptance: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case document, batch, file
    }

    /// The original name of the dropped file.
    package var name: String
    /// The drop's name inside the job directory.
    package var file: String
    package var kind: Kind
    /// In bytes.
    package var size: Int
    /// How many requests a batch file holds; nil for other kinds.
    package var lines: Int?
    /// The form of a batch; nil for other kinds, and for batches of versions that knew only lines.
    package var form: BatchFormat?
    /// Hexadecimal SHA-256 of the drop.
    package var sha256: String
    package var ownerUID: Int
    /// The owner's user name at that time, or the uid where there was no name.
    package var owner: String
    package var queue: String
    package var workflow: String
    /// The workflow and all that it refers to, resolved: a new configuration does not change a running job.
    package var definition: JSON
    package var priority: Int
    package var runAt: Timestamp?
    package var deadline: Timestamp?
    package var labels: OrderedDictionary<String, String>
    package var limits: Limits
    package var idempotencyKey: String?
    /// A digest of the request of a document with an idempotency key; it shows whether a later document with that key
    /// asks for something else.
    package var inputSHA256: String?
    /// The most bytes of `input.text`; nil for documents and batches, and for jobs of earlier versions.
    package var textMax: Int?
    /// An earlier job of the same owner; this job takes over its finished steps that asked the same.
    package var resumeFrom: JobID?
    /// The job's place in its queue, for a drop that brought its own id; for other drops the id is the place.
    package var turn: JobID?
    /// What is to be done after the end, as ``DeliverySettings`` writes it; nil for most queues.
    package var delivery: JSON?

    /// The owner as one value.
    package var submitter: Owner { Owner(uid: ownerUID, name: owner) }

    package init(
        name: String,
        file: String,
        kind: Kind,
        size: Int,
        sha256: String,
        ownerUID: Int,
        owner: String,
        queue: String,
        workflow: String,
        definition: JSON
    ) {
        (self.name, self.file, self.kind, self.size, self.sha256) = (name, file, kind, size, sha256)
        (self.ownerUID, self.owner, self.queue) = (ownerUID, owner, queue)
        (self.workflow, self.definition) = (workflow, definition)
        priority = 0
        labels = [:]
        limits = Limits()
    }
}

package enum StepKind: String, Sendable {
    case model, tool, agent, approval
    case forEach = "for_each"
    /// One line of a batch file.
    case line
}

/// A step is about to run: the intent, recorded before any effect.
package struct StepStart: Sendable, Equatable {
    /// `classify`, `handle/2/tool/0`, `each/17/extract`, `batch/<custom_id>`.
    package var step: String
    package var kind: StepKind
    /// From 1.
    package var attempt: Int
    package var effect: Effect?
    package var tool: String?
    package var model: String?
    package var arguments: JSON?
    /// The arguments for people: redacted, on one line, cut; nil before the record is made.
    package var summary: String?
    /// A digest of what a write asks, by which a later job finds it; nil for other effects.
    package var asked: String?
    /// Whether the step runs alone on the node, because it is suspected.
    package var isAlone = false

    package init(
        step: String,
        kind: StepKind,
        attempt: Int,
        effect: Effect? = nil,
        tool: String? = nil,
        model: String? = nil,
        arguments: JSON? = nil,
        summary: String? = nil
    ) {
        self.summary = summary
        (self.step, self.kind, self.attempt, self.effect) = (step, kind, attempt, effect)
        (self.tool, self.model, self.arguments) = (tool, model, arguments)
    }
}

package struct StepCompletion: Sendable, Equatable {
    package var step: String
    package var kind: StepKind
    package var attempt: Int
    /// Nil where the output follows from the steps inside.
    package var output: JSON?
    package var isSkipped: Bool
    package var durationMilliseconds: Int
    package var tool: String?
    package var model: String?
    package var usage: Usage?
    /// The failure of a tool call that went to the model as `output`, instead of failing the job.
    package var failure: Failure?
    /// The configured name of the fallback model that answered; nil when the model that was asked did.
    package var fallback: String?
    /// How many outputs of the model were rejected and sent back.
    package var rejectedOutputs = 0
    /// Whether the outcome comes from the tool's check, because the call's answer was lost.
    package var isChecked = false
    /// A digest of what the step asked, by which a later job finds it.
    package var asked: String?
    /// Whether it was taken over from the job that this job resumes.
    package var isResumed = false
    /// Facts about a model's answer.
    package var answer = AnswerMetadata()
    /// The output for people: redacted, on one line, cut; nil before the record is made.
    package var summary: String?

    package init(
        step: String,
        kind: StepKind,
        attempt: Int = 1,
        output: JSON? = nil,
        isSkipped: Bool = false,
        durationMilliseconds: Int = 0,
        tool: String? = nil,
        model: String? = nil,
        usage: Usage? = nil,
        failure: Failure? = nil,
        summary: String? = nil
    ) {
        (self.failure, self.summary) = (failure, summary)
        (self.step, self.kind, self.attempt, self.output) = (step, kind, attempt, output)
        (self.isSkipped, self.durationMilliseconds) = (isSkipped, durationMilliseconds)
        (self.tool, self.model, self.usage) = (tool, model, usage)
    }
}

package struct StepFailure: Sendable, Equatable {
    package var step: String
    package var kind: StepKind
    package var attempt: Int
    package var failure: Failure
    /// When it is tried again; nil when it is not.
    package var retryAt: Timestamp?
    package var durationMilliseconds: Int
    package var tool: String?
    package var model: String?
    package var usage: Usage?

    package init(
        step: String,
        kind: StepKind,
        attempt: Int,
        failure: Failure,
        retryAt: Timestamp? = nil,
        durationMilliseconds: Int = 0,
        tool: String? = nil,
        model: String? = nil,
        usage: Usage? = nil
    ) {
        (self.step, self.kind, self.attempt, self.failure) = (step, kind, attempt, failure)
        (self.retryAt, self.durationMilliseconds) = (retryAt, durationMilliseconds)
        (self.tool, self.model, self.usage) = (tool, model, usage)
    }
}

/// Why a job waits for a person.
package struct Hold: Sendable, Equatable {
    package enum Reason: String, Sendable, CaseIterable {
        case unknownOutcome = "unknown_outcome"
        case overBudget = "over_budget"
        case approval
        case poison
        case requested
    }

    package var reason: Reason
    package var step: String?
    /// What is known, and what the person can do, in a sentence or two.
    package var message: String
    /// The request, when the job waits for an approval.
    package var approval: ApprovalRequest?

    package init(reason: Reason, step: String? = nil, message: String, approval: ApprovalRequest? = nil) {
        (self.reason, self.step, self.message, self.approval) = (reason, step, message, approval)
    }
}

/// The user who made a decision, and the reason.
package struct Decision: Sendable, Equatable {
    package var uid: Int
    package var user: String
    package var reason: String?

    package init(uid: Int, user: String, reason: String? = nil) {
        (self.uid, self.user, self.reason) = (uid, user, reason)
    }
}
