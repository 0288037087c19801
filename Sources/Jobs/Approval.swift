/// What a person is asked to say yes or no to.
package struct ApprovalRequest: Sendable, Equatable {
    /// What happens when nobody answers in time.
    package enum ExpiryAction: String, Sendable, CaseIterable {
        /// As if a person had said no.
        case deny
        /// The job fails.
        case fail
    }

    /// What happens when the answer is no.
    package enum DenialAction: String, Sendable, CaseIterable {
        /// The job ends as denied.
        case fail
        /// The model that asked for the call is told, and goes on.
        case tell
    }

    package var step: String
    /// The tool that would be called; nil when the step only asks.
    package var tool: String?
    /// What it would be called with.
    package var arguments: JSON
    /// Why a person is asked.
    package var why: String
    /// Until when the answer must come; nil is for ever.
    package var expires: Timestamp?
    package var onExpiry: ExpiryAction
    package var onDenied: DenialAction

    package init(
        step: String,
        tool: String?,
        arguments: JSON,
        why: String,
        expires: Timestamp? = nil,
        onExpiry: ExpiryAction = .deny,
        onDenied: DenialAction = .fail
    ) {
        (self.step, self.tool, self.arguments, self.why) = (step, tool, arguments, why)
        (self.expires, self.onExpiry, self.onDenied) = (expires, onExpiry, onDenied)
    }

    /// What an approval is bound to: other arguments need another one.
    package var argumentsHash: String { arguments.sha256 }

    /// As in `approval.json` and in the record `held`.
    package var json: JSON {
        JSON(members: [
            ("step", .string(step)), ("tool", tool.map(JSON.string)), ("arguments", arguments),
            ("arguments_hash", .string(argumentsHash)), ("why", .string(why)),
            ("expires", expires.map { .string($0.text) }), ("on_expiry", .string(onExpiry.rawValue)),
            ("on_denied", .string(onDenied.rawValue)),
        ])
    }

    package init?(json: JSON) {
        guard let step = json["step"]?.string, let arguments = json["arguments"] else { return nil }
        self.init(
            step: step,
            tool: json["tool"]?.string,
            arguments: arguments,
            why: json["why"]?.string ?? "",
            expires: json["expires"]?.string.flatMap(Timestamp.init(text:)),
            onExpiry: json["on_expiry"]?.string.flatMap(ExpiryAction.init) ?? .deny,
            onDenied: json["on_denied"]?.string.flatMap(DenialAction.init) ?? .fail
        )
    }
}

/// A person's yes.
package struct Approval: Sendable, Equatable {
    package var step: String
    package var decision: Decision
    /// Of the arguments that the person saw.
    package var argumentsHash: String
    /// What the person put in their place; nil when they stay.
    package var arguments: JSON?

    package init(step: String, decision: Decision, argumentsHash: String, arguments: JSON? = nil) {
        (self.step, self.decision, self.argumentsHash, self.arguments) = (step, decision, argumentsHash, arguments)
    }
}

/// A person's no, or that of the time that was given.
package struct Denial: Sendable, Equatable {
    package var step: String?
    package var decision: Decision

    package init(step: String?, decision: Decision) { (self.step, self.decision) = (step, decision) }
}

/// How a person lets a held job go on.
package struct Release: Sendable, Equatable {
    /// What the person found out about a step whose outcome was not known.
    package enum Finding: Sendable, Equatable {
        /// It did not happen, or may happen again.
        case again
        /// It happened; this is its output.
        case done(output: JSON)
    }

    /// The step that the job was held for.
    package var step: String?
    package var decision: Decision
    package var finding: Finding?
    /// Limits in the place of the job's own; nil members stay as they were.
    package var limits: Limits

    package init(_ decision: Decision, finding: Finding? = nil, limits: Limits = Limits()) {
        (self.decision, self.finding, self.limits) = (decision, finding, limits)
    }
}
