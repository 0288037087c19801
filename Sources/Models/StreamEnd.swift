import Jobs

/// Sees in the events of a stream that its answer is whole: what may follow is its usage, and a server may leave the
/// connection open for as long as it likes.
struct StreamEnd {
    private var open: Set<Int> = []
    private var ended: Set<Int> = []
    private var isMessageEnded = false

    /// True once every choice that began has said why it ended, and the message has where there is one.
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

    /// Some servers write `""` or `"null"` until there is a reason.
    private static func isReason(_ json: JSON?) -> Bool {
        guard let reason = json?.string else { return false }
        return !["", "null", "none"].contains(reason.lowercased())
    }
}
