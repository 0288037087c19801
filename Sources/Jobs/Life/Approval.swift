package import Documents

/// A request that a person approves or denies.
package struct ApprovalRequest: Sendable, Equatable {
    /// What happens when no answer comes in time.
    package enum ExpiryAction: String, Sendable, CaseIterable {
        /// The same as a person's denial.
        case deny
        /// The job fails.
        case fail
    }

    /// What happens when a person denies the request.
    package enum DenialAction: String, Sendable, CaseIterable {
        /// The job ends as denied.
        case fail
        /// The model that asked for the call gets the denial, and goes on.
        case tell
    }

    package var step: String
    /// The tool to call; nil when the step only asks.
    package var tool: String?
    /// The arguments that the person sees.
    package var arguments: JSON
    /// Why a person is asked.
    package var why: String
    /// When the request expires; nil for never.
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

    /// A digest of the arguments; an approval holds for these arguments only.
    package var argumentsHash: String { arguments.sha256 }

    /// The form in `approval.json` and in the record `held`.
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

/// A person's approval of a request.
package struct Approval: Sendable, Equatable {
    package var step: String
    package var decision: Decision
    /// The digest of the arguments that the person saw.
    package var argumentsHash: String
    /// The arguments that the person put in their place; nil when they stay.
    package var arguments: JSON?

    package init(step: String, decision: Decision, argumentsHash: String, arguments: JSON? = nil) {
        (self.step, self.decision, self.argumentsHash, self.arguments) = (step, decision, argumentsHash, arguments)
    }
}

/// The denial of a request, by a person or because the request expired.
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
    /// Limits that replace the job's own; nil members change nothing.
    package var limits: Limits

    package init(_ decision: Decision, finding: Finding? = nil, limits: Limits = Limits()) {
        (self.decision, self.finding, self.limits) = (decision, finding, limits)
    }
}
