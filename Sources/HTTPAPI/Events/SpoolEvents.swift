import Client
import Daemon
import Documents
import JobIndex
import Jobs
import Spool

/// The events of all jobs for one reader.
actor SpoolEvents {
    /// Records of the last seconds before a cursor are given again, in milliseconds: jobs write side by side, and a record
    /// may be seen after one that carries a later time.
    private static let overlap: Int64 = 5_000

    private let api: API
    /// Where to go on from the files; nil when the stream goes on by itself.
    private var resume: EventCursor?
    private var isReset: Bool
    /// Earlier records are not news: a job that is claimed shows its whole history again.
    private let start: Timestamp
    /// What was given lately, so that nothing is given twice.
    private var given: Set<EventCursor> = []

    /// - Parameter last: The id of the last event that the reader has seen; nil for events from now on. With one that is
    ///   no cursor it gets the event `reset`, and events from now on.
    init(_ api: API, after last: String?) {
        self.api = api
        let cursor = last.flatMap(EventCursor.init)
        resume = cursor
        isReset = last != nil && cursor == nil
        start = cursor?.at ?? api.context.platform.wallClock.now
    }

    /// The events that a signal brings.
    func events(_ written: JobChanges.Written?) async throws -> [EventStream.Event] {
        var events: [EventStream.Event] = []
        if isReset {
            isReset = false
            events.append(EventStream.Event(name: "reset", data: "{}"))
        }
        if let cursor = resume {
            resume = nil
            events += try await recorded(since: cursor.at)
        }
        if let written, written.cursor.at.milliseconds >= start.milliseconds - Self.overlap {
            if let event = give(written.cursor, written.event) { events.append(event) }
        }
        return events
    }

    private func give(_ cursor: EventCursor, _ event: EventStream.Event) -> EventStream.Event? {
        guard given.insert(cursor).inserted else { return nil }
        if given.count > 20_000 {
            let newest = given.max()?.at.milliseconds ?? 0
            given = given.filter { $0.at.milliseconds > newest - Self.overlap }
        }
        var event = event
        event.id = cursor.description
        return event
    }

    /// What the histories have since a time, in its order.
    private func recorded(since time: Timestamp) async throws -> [EventStream.Event] {
        guard let index = api.context.index() else { return [] }
        let since = Timestamp(milliseconds: time.milliseconds - Self.overlap)
        var found: [(EventCursor, EventStream.Event)] = []
        for row in try await index.changed(since: since) {
            guard let id = JobID(row.job) else { continue }
            let spool = api.client.spool
            guard let location = try spool.locate(JobName(id: id, dropName: Array(row.name.utf8))),
                let history = try spool.history(of: location)
            else { continue }
            for record in history.records where record.at >= since {
                found.append((EventCursor(record, id), RecordEvent.event(record, job: id)))
            }
        }
        return found.sorted { $0.0 < $1.0 }.compactMap { give($0.0, $0.1) }
    }
}
