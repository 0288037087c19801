import Documents
import Jobs
import Testing

@testable import Engine

/// Which waiting job starts first: a table of rules.
@Suite("The order of waiting jobs")
struct StartOrderTests {
    /// A waiting job, named by a letter.
    struct Waits: Sendable {
        var name: String
        var queue = "a"
        var priority = 0
        /// The minute of its turn, from the test's start.
        var minute = 0
        /// The minute at which it was due, if it was deferred.
        var due: Int?
        var resumed = false
    }

    struct Rule: Sendable, CustomTestStringConvertible {
        var rule: String
        var waiting: [Waits]
        var starts: String
        var testDescription: String { rule }
    }

    static let rules = [
        Rule(
            rule: "those of one priority start in the order of their drops",
            waiting: [Waits(name: "B", minute: 1), Waits(name: "C", minute: 2), Waits(name: "A", minute: 0)],
            starts: "ABC"
        ),
        Rule(
            rule: "a higher priority starts first",
            waiting: [Waits(name: "A"), Waits(name: "B", priority: 9, minute: 1), Waits(name: "C", priority: 5)],
            starts: "BCA"
        ),
        Rule(
            rule: "ten minutes are one level: a job that waited for nine more starts later",
            waiting: [Waits(name: "A"), Waits(name: "B", priority: 1, minute: 9)],
            starts: "BA"
        ),
        Rule(
            rule: "ten minutes are one level: a job that waited for ten more starts first",
            waiting: [Waits(name: "A"), Waits(name: "B", priority: 1, minute: 10)],
            starts: "AB"
        ),
        Rule(
            rule: "priority 0 starts before a 9 that came more than ninety minutes later, and after an earlier one",
            waiting: [
                Waits(name: "A"), Waits(name: "B", priority: 9, minute: 91), Waits(name: "C", priority: 9, minute: 89),
            ],
            starts: "CAB"
        ),
        Rule(
            rule: "the order within one priority stays, however long each job has waited",
            waiting: [Waits(name: "A", priority: 4), Waits(name: "B", priority: 4, minute: 500)],
            starts: "AB"
        ),
        Rule(
            rule: "a deferred job keeps its place in its priority",
            waiting: [Waits(name: "A", minute: 0, due: 60), Waits(name: "B", minute: 30)],
            starts: "AB"
        ),
        Rule(
            rule: "the time before a deferred job was due does not count as waiting",
            waiting: [Waits(name: "A", minute: 0, due: 120), Waits(name: "B", priority: 1, minute: 125)],
            starts: "BA"
        ),
        Rule(
            rule: "the time since a deferred job was due counts as waiting",
            waiting: [Waits(name: "A", minute: 0, due: 100), Waits(name: "B", priority: 1, minute: 125)],
            starts: "AB"
        ),
        Rule(
            rule: "a job that waited for a retry in memory goes before all",
            waiting: [Waits(name: "A", priority: 9), Waits(name: "B", minute: 1, resumed: true)],
            starts: "BA"
        ),
        Rule(
            rule: "the queue's priority goes before the job's",
            waiting: [Waits(name: "A", priority: 9), Waits(name: "B", queue: "urgent", minute: 1)],
            starts: "BA"
        ),
        Rule(
            rule: "a wait makes up for the queue's priority as for the job's",
            waiting: [Waits(name: "A"), Waits(name: "B", queue: "urgent", minute: 71)],
            starts: "AB"
        ),
        Rule(
            rule: "queues of one priority take turns by the drops of their first jobs",
            waiting: [
                Waits(name: "A", queue: "b", minute: 2), Waits(name: "B", minute: 1), Waits(name: "C", minute: 3),
            ],
            starts: "BAC"
        ),
    ]

    private static let start = Timestamp(milliseconds: 1_795_428_000_000)

    private func ticket(_ waits: Waits, _ number: Int) -> Schedule.Ticket {
        let turn = JobID(time: Self.start + .seconds(60 * waits.minute), high: 0, low: UInt64(number))
        return Schedule.Ticket(
            // The id does not decide its place: the drop may have brought it along.
            job: JobName(
                id: JobID(time: Self.start, high: 1, low: .max - UInt64(number)),
                dropName: Array(waits.name.utf8)
            ),
            queue: waits.queue,
            priority: waits.priority,
            turn: turn,
            since: waits.due.map { Self.start + .seconds(60 * $0) }
        )
    }

    private var schedule: Schedule {
        var urgent = QueueSettings(name: "urgent", workflow: "w")
        urgent.priority = 7
        let queues = [QueueSettings(name: "a", workflow: "w"), QueueSettings(name: "b", workflow: "w"), urgent]
        return Schedule(queues: queues, concurrency: 1)
    }

    private func startAll(_ schedule: inout Schedule) -> String {
        var started = ""
        while let ticket = schedule.takeNext() {
            started += ticket.job.drop
            schedule.release(queue: ticket.queue)
        }
        return started
    }

    @Test(arguments: rules)
    func `waiting jobs start in the order of the rule`(rule: Rule) {
        for waiting in [rule.waiting, rule.waiting.reversed()] {
            var schedule = schedule
            for (number, waits) in waiting.enumerated() {
                if waits.resumed {
                    schedule.resume(ticket(waits, number))
                } else {
                    schedule.add(ticket(waits, number))
                }
            }
            #expect(startAll(&schedule) == rule.starts)
        }
    }

    // MARK: Concurrent acceptance

    private func ticket(_ name: String, part: Int?) -> Schedule.Ticket {
        var ticket = ticket(Waits(name: name), Int(name.utf8.first ?? 0))
        ticket.part = part
        return ticket
    }

    @Test func `a job starts when all drops of its part and of earlier parts are accepted`() {
        var schedule = schedule
        for part in [1, 1, 2] { schedule.beginArriving(part, in: "a", at: Self.start) }
        schedule.add(ticket("C", part: 2))
        schedule.endArriving(2, in: "a")
        schedule.add(ticket("B", part: 1))
        schedule.endArriving(1, in: "a")
        #expect(startAll(&schedule) == "")
        schedule.add(ticket("A", part: 1))
        schedule.endArriving(1, in: "a")
        #expect(startAll(&schedule) == "ABC" && schedule.waiting == 0)
    }

    @Test func `a drop that becomes no job delays no other job`() {
        var schedule = schedule
        for _ in 1...2 { schedule.beginArriving(1, in: "a", at: Self.start) }
        schedule.add(ticket("B", part: 1))
        schedule.endArriving(1, in: "a")
        schedule.endArriving(1, in: "a")
        #expect(startAll(&schedule) == "B")
    }

    @Test func `a job that is due, or of another queue, waits for no drop`() {
        var schedule = schedule
        schedule.beginArriving(1, in: "a", at: Self.start)
        schedule.add(ticket("A", part: nil))
        var other = ticket("B", part: 7)
        other.queue = "b"
        schedule.add(other)
        #expect(startAll(&schedule) == "AB")
    }

    @Test func `a drop that is accepted for more than five seconds delays no other job`() {
        var schedule = schedule
        for part in [1, 1, 2, 2] { schedule.beginArriving(part, in: "a", at: Self.start + .seconds(part)) }
        #expect(schedule.patienceEnd == nil)
        for (name, part) in [("A", 1), ("B", 2)] {
            schedule.add(ticket(name, part: part))
            schedule.endArriving(part, in: "a")
        }
        #expect(schedule.patienceEnd == Self.start + .seconds(6))
        schedule.endPatience(at: Self.start + .milliseconds(5_999))
        #expect(startAll(&schedule) == "")
        schedule.endPatience(at: Self.start + .seconds(6))
        #expect(startAll(&schedule) == "A" && schedule.patienceEnd == Self.start + .seconds(7))
        // A clock that is set back makes no job wait.
        schedule.endPatience(at: Self.start)
        #expect(startAll(&schedule) == "B")
        for part in [1, 2] { schedule.endArriving(part, in: "a") }
        #expect(schedule.waiting == 0)
    }
}
