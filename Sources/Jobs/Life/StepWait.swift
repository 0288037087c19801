package import Documents

/// A step that was begun and waits because its model rests; it counts as no attempt.
package struct StepWait: Sendable, Equatable {
    package var step: String
    package var kind: StepKind
    /// The attempt that was begun; the next one has the same number.
    package var attempt: Int
    /// When it is begun again.
    package var until: Timestamp
    /// Why it waits, as one sentence without its full stop.
    package var reason: String
    /// Whether the model was asked, and refused because of its quota.
    package var wasAsked: Bool
    package var model: String?
    /// The usage before the model rested.
    package var usage: Usage?

    package init(
        step: String,
        kind: StepKind,
        attempt: Int,
        until: Timestamp,
        reason: String,
        wasAsked: Bool,
        model: String? = nil,
        usage: Usage? = nil
    ) {
        (self.step, self.kind, self.attempt, self.until) = (step, kind, attempt, until)
        (self.reason, self.wasAsked, self.model, self.usage) = (reason, wasAsked, model, usage)
    }
}

extension StepWait {
    /// The members of its record, after those that every record has.
    package var json: JSON {
        JSON(members: [
            ("step", .string(step)), ("kind", .string(kind.rawValue)), ("attempt", .int(Int64(attempt))),
            ("until", .string(until.text)), ("reason", .string(reason)), ("asked", .bool(wasAsked)),
            ("model", model.map(JSON.string)), ("usage", usage?.json),
        ])
    }

    /// Reads a record; nil when a member is missing or of the wrong kind.
    package init?(json: JSON) {
        guard let step = json["step"]?.string, let kind = json["kind"]?.string.flatMap(StepKind.init),
            let attempt = json["attempt"]?.int, (0...1_000_000_000_000).contains(attempt),
            let until = json["until"]?.string.flatMap(Timestamp.init(text:)), let reason = json["reason"]?.string
        else { return nil }
        self.init(
            step: step,
            kind: kind,
            attempt: attempt,
            until: until,
            reason: reason,
            wasAsked: json["asked"]?.bool ?? false,
            model: json["model"]?.string,
            usage: json["usage"].map(Usage.init(json:))
        )
    }
}
