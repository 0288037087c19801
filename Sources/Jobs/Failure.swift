/// How a failure is answered (DESIGN section 5).
package enum FailureClass: String, Sendable, CaseIterable {
    /// The same may work later: it is tried again.
    case temporary
    /// The same will fail again: the job fails at once.
    case permanent
    /// Whether it happened is not known: the tool's effect decides.
    case unknown
    /// A limit of the job is used up.
    case limit
    /// A person or the policy said no.
    case denied
    /// The daemon died again and again while it ran this step.
    case poison
}

/// What a tool does to the world, which decides what may be done again after an unknown outcome.
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
    /// A word for programs where there is one, as `model_mismatch` of a line of a batch.
    package var code: String?
    /// What happened, as one sentence without its full stop.
    package var message: String
    /// What a person can do about it.
    package var hint: String?
    /// The least time to wait before the next try, when the other side named one.
    package var retryAfter: Duration?
    /// What was used before it failed, when that is known.
    package var usage: Usage?
    /// The HTTP answer that says it, for the error file of a batch: `status_code`, `request_id`, and `body` with the
    /// provider's `error`.
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
