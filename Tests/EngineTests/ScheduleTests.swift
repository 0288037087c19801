import Documents
import Jobs
import Testing

@testable import Engine

@Suite("A schedule")
struct ScheduleTests {
    private func job(_ number: UInt64) -> JobName {
        JobName(id: JobID(time: Timestamp(milliseconds: 1), high: 0, low: number), dropName: Array("j".utf8))
    }

    private func ticket(_ number: UInt64, _ queue: String = "a", priority: Int = 0) -> Schedule.Ticket {
        Schedule.Ticket(job: job(number), queue: queue, priority: priority)
    }

    private func queue(_ name: String, concurrency: Int = 100, priority: Int = 0) -> QueueSettings {
        var queue = QueueSettings(name: name, workflow: "w")
        (queue.concurrency, queue.priority) = (concurrency, priority)
        return queue
    }

    private func arrive(_ count: Int, _ schedule: inout Schedule) {
        for _ in 0..<count { schedule.beginArriving(1, in: "a", at: Timestamp(milliseconds: 1)) }
    }

    private func takeAll(_ schedule: inout Schedule) -> [JobName] {
        var taken: [JobName] = []
        while let ticket = schedule.takeNext() { taken.append(ticket.job) }
        return taken
    }

    @Test("No more jobs of a queue run than the queue allows")
    func queueLimit() {
        var schedule = Schedule(queues: [queue("a", concurrency: 2)], concurrency: 10)
        for number in 1...3 { schedule.add(ticket(UInt64(number))) }
        #expect(takeAll(&schedule) == [job(1), job(2)])
        schedule.release(queue: "a")
        #expect(takeAll(&schedule) == [job(3)])
    }

    @Test("No more jobs run than all queues together may")
    func totalLimit() {
        var schedule = Schedule(queues: [queue("a"), queue("b")], concurrency: 3)
        for number in 1...2 { schedule.add(ticket(UInt64(number), "a")) }
        for number in 3...4 { schedule.add(ticket(UInt64(number), "b")) }
        #expect(takeAll(&schedule).count == 3)
        schedule.release(queue: "b")
        #expect(takeAll(&schedule).count == 1)
    }

    @Test("The queue with the highest priority goes first, whatever the jobs' own priorities are")
    func queuePriority() {
        var schedule = Schedule(queues: [queue("a", priority: 1), queue("b", priority: 2)], concurrency: 10)
        schedule.add(ticket(1, "a", priority: 9))
        schedule.add(ticket(2, "b", priority: 0))
        #expect(takeAll(&schedule) == [job(2), job(1)])
    }

    @Test("A queue's jobs start by priority, and those of one priority by turn")
    func jobOrder() {
        var schedule = Schedule(queues: [queue("a")], concurrency: 10)
        schedule.add(ticket(3, priority: 1))
        schedule.add(ticket(1, priority: 1))
        schedule.add(ticket(2, priority: 5))
        #expect(takeAll(&schedule) == [job(2), job(1), job(3)])
    }

    @Test("Queues of one priority go in the order of their first jobs' ids")
    func queueOrder() {
        var schedule = Schedule(queues: [queue("a"), queue("b")], concurrency: 10)
        schedule.add(ticket(2, "a"))
        schedule.add(ticket(1, "b"))
        schedule.add(ticket(3, "b"))
        #expect(takeAll(&schedule) == [job(1), job(2), job(3)])
    }

    @Test("A job that waited for a retry in memory starts before all others of its queue")
    func resumedFirst() {
        var schedule = Schedule(queues: [queue("a")], concurrency: 1)
        schedule.add(ticket(9))
        #expect(takeAll(&schedule) == [job(9)])
        schedule.pause(queue: "a")
        schedule.add(ticket(1, priority: 9))
        schedule.resume(ticket(9))
        #expect(takeAll(&schedule) == [job(9)])
    }

    @Test("More drops are wanted when a quarter of the window is free, or when few jobs wait")
    func wantsMore() {
        var schedule = Schedule(queues: [queue("a", concurrency: 4)], concurrency: 16)
        #expect(schedule.wantsMore(in: "a") && !schedule.wantsMore(in: "b"))
        arrive(24, &schedule)
        #expect(schedule.wantsMore(in: "a"))
        arrive(1, &schedule)
        #expect(schedule.room(in: "a") == 7 && !schedule.wantsMore(in: "a"))
        for _ in 1...25 { schedule.endArriving(1, in: "a") }
        for number: UInt64 in 1...25 {
            schedule.add(ticket(number))
            _ = schedule.takeNext()
            schedule.pause(queue: "a")
        }
        #expect(schedule.room(in: "a") == 7 && schedule.wantsMore(in: "a"))
        arrive(7, &schedule)
        #expect(!schedule.wantsMore(in: "a"))
    }

    @Test("Waiting, arriving and paused jobs use up room in the window")
    func window() {
        var schedule = Schedule(queues: [queue("a", concurrency: 4)], concurrency: 16)
        let room = schedule.room(in: "a")
        #expect(room == 32)
        arrive(2, &schedule)
        schedule.add(ticket(1))
        #expect(schedule.room(in: "a") == room - 3)
        _ = schedule.takeNext()
        #expect(schedule.room(in: "a") == room - 2)
        schedule.pause(queue: "a")
        #expect(schedule.room(in: "a") == room - 3)
        schedule.endPause(queue: "a")
        for _ in 1...2 { schedule.endArriving(1, in: "a") }
        #expect(schedule.room(in: "a") == room)
    }

    @Test("The window is bounded where thousands run, and paused jobs do not use it up")
    func largeWindow() {
        var schedule = Schedule(queues: [queue("a", concurrency: 10_000)], concurrency: 10_000)
        #expect(schedule.room(in: "a") == 1_024 && schedule.claimRoom == 1_024)
        for number: UInt64 in 1...5_000 {
            schedule.add(ticket(number))
            _ = schedule.takeNext()
            schedule.pause(queue: "a")
        }
        #expect(schedule.room(in: "a") == 1_024)
    }

    @Test("The room in a full window is never negative", arguments: [33, 100])
    func fullWindow(count: Int) {
        var schedule = Schedule(queues: [queue("a", concurrency: 1)], concurrency: 1)
        arrive(count, &schedule)
        #expect(schedule.room(in: "a") == 0)
        #expect(schedule.room(in: "no such queue") == 0)
    }

    @Test("The room for due jobs is bounded, and is free again when they start")
    func claimRoom() {
        var schedule = Schedule(queues: [queue("a")], concurrency: 1)
        let room = schedule.claimRoom
        for number in 1...room {
            schedule.add(Schedule.Ticket(job: job(UInt64(number)), queue: "a", priority: 0, isDue: true))
        }
        #expect(schedule.claimRoom == 0)
        _ = schedule.takeNext()
        #expect(schedule.claimRoom == 1)
    }

    @Test("Jobs of a queue that is not configured run with the default limits")
    func unknownQueue() {
        var schedule = Schedule(queues: [queue("a")], concurrency: 100)
        for number in 1...10 { schedule.add(ticket(UInt64(number), "gone")) }
        #expect(takeAll(&schedule).count == QueueSettings.concurrencyDefault)
    }

    @Test("A waiting job that is removed does not start, and the removal says whether it waited")
    func removal() {
        var schedule = Schedule(queues: [queue("a")], concurrency: 10)
        schedule.add(ticket(1))
        let taken = schedule.remove(job(1).id, queue: "a")
        let again = schedule.remove(job(1).id, queue: "a")
        #expect(taken && !again && schedule.waiting == 0 && schedule.takeNext() == nil)
    }

    @Test("Other limits apply at once, and running jobs continue")
    func configured() {
        var schedule = Schedule(queues: [queue("a", concurrency: 3), queue("b", concurrency: 1)], concurrency: 10)
        for number in 1...6 { schedule.add(ticket(UInt64(number), "a")) }
        #expect(takeAll(&schedule).count == 3)
        schedule.configure(queues: [queue("a", concurrency: 2), queue("b", concurrency: 1)], concurrency: 10)
        schedule.release(queue: "a")
        let whileMoreRun = schedule.takeNext()
        schedule.release(queue: "a")
        #expect(whileMoreRun == nil && takeAll(&schedule) == [job(4)])
        schedule.configure(queues: [queue("a", concurrency: 9)], concurrency: 3)
        #expect(takeAll(&schedule) == [job(5)])
    }

    @Test("A removed queue has no room for drops, and its remaining jobs run with its own limit")
    func queueGone() {
        var schedule = Schedule(queues: [queue("a"), queue("b", concurrency: 1)], concurrency: 10)
        for number in 1...3 { schedule.add(ticket(UInt64(number), "b")) }
        schedule.configure(queues: [queue("a")], concurrency: 10)
        #expect(schedule.room(in: "b") == 0 && !schedule.wantsMore(in: "b"))
        #expect(takeAll(&schedule) == [job(1)])
        schedule.configure(queues: [queue("a"), queue("b", concurrency: 2)], concurrency: 10)
        #expect(schedule.room(in: "b") > 0)
        #expect(takeAll(&schedule) == [job(2)])
    }
}
