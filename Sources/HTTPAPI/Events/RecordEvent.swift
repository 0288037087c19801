import Documents
import Jobs
import OrderedCollections

/// A record of a history as event streams show it: without the members that may have arguments, outputs or a drop's text.
enum RecordEvent {
    /// All others are left out: a member of a later version is private until it is listed here.
    private static let shown: Set<String> = [
        "seq", "epoch", "at", "type", "name", "kind", "size", "owner", "queue", "workflow", "priority", "labels",
        "run_at",
        "deadline", "lines", "node", "cause", "step", "attempt", "model", "tool", "effect", "summary", "duration_ms",
        "usage",
        "class", "message", "hint", "retry_at", "until", "reason", "user", "skipped", "finish_reason", "limits",
    ]

    /// The event of a record, with `<epoch>.<seq>` as its id.
    static func event(_ record: HistoryRecord, job: JobID) -> EventStream.Event {
        var members: OrderedDictionary<String, JSON> = ["job": .string(job.text)]
        for (name, value) in everything(of: record) where shown.contains(name) { members[name] = value }
        return EventStream.Event(
            id: "\(record.epoch).\(record.seq)",
            name: record.event.type,
            data: JSON.object(members).text
        )
    }

    private static func everything(of record: HistoryRecord) -> OrderedDictionary<String, JSON> {
        // What the history's own writer made is JSON.
        (try? JSONParser.parse(record.openBytes + [UInt8(ascii: "}")], depthMax: HistoryRecord.depthMax))?.object ?? [:]
    }
}
