import Documents
import Jobs

/// Detects in the events of a stream that its answer is complete.
///
/// Only the usage may follow, and a server may leave the connection open.
struct StreamEnd {
    private var open: Set<Int> = []
    private var ended: Set<Int> = []
    private var isMessageEnded = false

    /// True once the message, or every choice that began, has a finish reason.
    var isReached: Bool { isMessageEnded || (!ended.isEmpty && open.isEmpty) }

    mutating func take(_ event: JSON) {
        if event["type"] == "message_delta", Self.isReason(event.value(at: ["delta", "stop_reason"])) {
            isMessageEnded = true
        }
        for choice in event["choices"]?.array ?? [] {
            let index = choice["index"]?.int ?? 0
            if Self.isReason(choice["finish_reason"]) {
                ended.insert(index)
                open.remove(index)
            } else if !ended.contains(index) {
                open.insert(index)
            }
        }
    }

    /// Some servers send `""` or `"null"` until there is a reason.
    private static func isReason(_ json: JSON?) -> Bool {
        guard let reason = json?.string else { return false }
        return !["", "null", "none"].contains(reason.lowercased())
    }
}
