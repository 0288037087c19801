import Documents

extension DeliveryEvent {
    /// The members of the record, in their order.
    var members: [(String, JSON?)] {
        switch self {
        case .delivered(let delivered):
            [
                ("path", .string(delivered.path)), ("attempt", .int(Int64(delivered.attempt))),
                ("size", .int(Int64(delivered.size))), ("sha256", .string(delivered.sha256)),
            ]
        case .hookCompleted(let hook, let duration):
            [
                ("hook", .int(Int64(hook.hook))), ("program", .string(hook.program)),
                ("attempt", .int(Int64(hook.attempt))), ("duration_ms", .int(Int64(duration))),
            ]
        case .failed(let part, let attempt): Self.members(of: part) + Self.members(of: attempt)
        case .asked(let decision):
            [
                ("uid", .int(Int64(decision.uid))), ("user", .string(decision.user)),
                ("reason", decision.reason.map(JSON.string)),
            ]
        }
    }

    private static func members(of part: DeliveryPart) -> [(String, JSON?)] {
        if case .hook(let index) = part { [("hook", .int(Int64(index)))] } else { [] }
    }

    private static func members(of attempt: Attempt) -> [(String, JSON?)] {
        [
            ("program", attempt.program.map(JSON.string)), ("attempt", .int(Int64(attempt.number))),
            ("class", .string(attempt.failure.class.rawValue)), ("message", .string(attempt.failure.message)),
            ("hint", attempt.failure.hint.map(JSON.string)), ("retry_at", attempt.retryAt.map { .string($0.text) }),
        ]
    }

    /// Reads a record of one of these types; nil when a member that it needs is missing or of the wrong kind.
    init?(type: String, _ json: JSON) {
        func count(_ name: String) -> Int? { json[name]?.int.flatMap { (0...1_000_000_000).contains($0) ? $0 : nil } }
        switch type {
        case "delivered":
            guard let path = json["path"]?.string, let attempt = count("attempt") else { return nil }
            self = .delivered(
                Delivered(
                    path: path,
                    attempt: attempt,
                    size: json["size"]?.int ?? 0,
                    sha256: json["sha256"]?.string ?? ""
                )
            )
        case "hook.completed":
            guard let hook = count("hook"), let attempt = count("attempt") else { return nil }
            self = .hookCompleted(
                HookAttempt(hook: hook, program: json["program"]?.string ?? "", attempt: attempt),
                durationMilliseconds: json["duration_ms"]?.int ?? 0
            )
        case "delivery.failed", "hook.failed":
            guard let attempt = count("attempt"), let `class` = json["class"]?.string.flatMap(FailureClass.init),
                let message = json["message"]?.string
            else { return nil }
            var part = DeliveryPart.file
            if type == "hook.failed" {
                guard let hook = count("hook") else { return nil }
                part = .hook(hook)
            }
            self = .failed(
                part,
                Attempt(
                    attempt,
                    Failure(`class`, message, hint: json["hint"]?.string),
                    retryAt: json["retry_at"]?.string.flatMap(Timestamp.init(text:)),
                    program: json["program"]?.string
                )
            )
        case "delivery.asked":
            guard let uid = json["uid"]?.int, let user = json["user"]?.string else { return nil }
            self = .asked(Decision(uid: uid, user: user, reason: json["reason"]?.string))
        default: return nil
        }
    }
}
