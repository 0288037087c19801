package import Documents

/// The class of a failure, which decides what happens next (docs/job-life.md, section 4).
package enum FailureClass: String, Sendable, CaseIterable {
    /// A retry may succeed: the step is tried again.
    case temporary
    /// A retry would fail again: the job fails at once.
    case permanent
    /// It is not known whether the call happened: the tool's effect decides.
    case unknown
    /// A limit of the job is used up.
    case limit
    /// A person or the policy said no.
    case denied
}

/// What a call of a tool changes, which decides whether it may run again after an unknown outcome.
package enum Effect: String, Sendable, CaseIterable {
    /// Changes nothing: may run again.
    case read
    /// Changes something once, however often it is called with the same key: may run again with that key.
    case idempotent
    /// Changes something each time: never runs again unless a person says so.
    case write
}

/// Why a step or a job failed, in words for a person.
package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    package var `class`: FailureClass
    /// A code for programs, such as `model_mismatch` of a batch line; nil where there is none.
    package var code: String?
    /// What happened, as one sentence without its full stop.
    package var message: String
    /// What a person can do about it.
    package var hint: String?
    /// The least time to wait before the next attempt, when the provider named one.
    package var retryAfter: Duration?
    /// The usage before the failure, when it is known.
    package var usage: Usage?
    /// The HTTP response with the failure, for the error file of a batch: `status_code`, `request_id`, and `body` with
    /// the provider's `error`.
    package var response: JSON?

    package init(
        _ class: FailureClass,
        _ message: String,
        hint: String? = nil,
        retryAfter: Duration? = nil,
        usage: Usage? = nil
    ) {
        self.class = `class`
        self.message = message
        self.hint = hint
        self.retryAfter = retryAfter
        self.usage = usage
    }

    package var description: String { "\(`class`.rawValue): \(message)" }
}
