import Documents
import Jobs
import TestKit
import Testing

@testable import Engine

@Suite("What the engine remembers")
struct EngineStateTests {
    private func time(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: Int64(seconds) * 1_000) }

    private func id(_ number: UInt64) -> JobID { JobID(time: time(1), high: 0, low: number) }

    // MARK: Requests

    @Test("The requests are looked at after a change, once")
    func looks() {
        var requests = Requests()
        #expect(!requests.areDone && requests.beginLook() && requests.areDone && !requests.beginLook())
        requests.directoryChanged()
        #expect(requests.beginLook() == true)
        requests.jobMoved()
        #expect(requests.beginLook() == true)
    }

    @Test("A drop that arrives brings back only requests that wait for one, and only until the next look")
    func arrivals() {
        var requests = Requests()
        #expect(requests.beginLook() == true)
        requests.dropArrived()
        #expect(requests.areDone)
        requests.mustWaitForArrivals()
        requests.dropArrived()
        #expect(requests.beginLook() == true)
        requests.dropArrived()
        #expect(requests.areDone)
    }

    @Test("A request that is refused again is logged once, until its file is gone")
    func refusals() {
        var requests = Requests()
        #expect(requests.refuse("a") && !requests.refuse("a") && requests.refuse("b"))
        requests.keep(["a"])
        #expect(!requests.refuse("a") && requests.refuse("b"))
        requests.removed("a")
        #expect(requests.refuse("a") == true)
    }

    @Test("A job of a request is settled for that request alone, until all its jobs are")
    func settled() {
        var requests = Requests()
        requests.settle(id(1), in: "a")
        #expect(requests.isSettled(id(1), in: "a") && !requests.isSettled(id(2), in: "a"))
        #expect(!requests.isSettled(id(1), in: "b"))
        requests.settle("a")
        #expect(!requests.isSettled(id(1), in: "a"))
    }

    // MARK: Recovery

    @Test("A job that a failure left is taken up after the next full scan")
    func stranded() {
        var recovery = Recovery()
        #expect(recovery.isDone && !recovery.beginLookAround())
        recovery.jobWasLeft(at: time(0))
        #expect(!recovery.isDone && !recovery.isTakeUpDue && recovery.nextLook == time(5))
        #expect(!recovery.mustTryAgain(at: time(4)) && recovery.mustTryAgain(at: time(5)))
        recovery.fullScanIsDue()
        #expect(recovery.beginLookAround() && !recovery.beginLookAround())
        recovery.endLookAround()
        #expect(recovery.isTakeUpDue && !recovery.isDone)
        recovery.beginTakeUp()
        #expect(!recovery.isTakeUpDue && recovery.isDone)
    }

    @Test("A failure that left no job is only tried again")
    func failures() {
        var recovery = Recovery()
        recovery.somethingFailed(at: time(0))
        recovery.fullScanIsDue()
        #expect(recovery.isDone && recovery.beginLookAround())
        recovery.endLookAround()
        #expect(!recovery.isTakeUpDue)
    }

    @Test("A job that cannot be read is logged once")
    func unreadable() {
        var recovery = Recovery()
        let job = JobName(id: id(1), dropName: Array("j".utf8))
        #expect(!recovery.isUnreadable(job) && recovery.unreadableJobSeen(job))
        #expect(recovery.isUnreadable(job) && !recovery.unreadableJobSeen(job))
    }

    // MARK: Heartbeats

    @Test("A node whose lock file has been missing for four heartbeats is dead")
    func locks() {
        var heartbeats = Heartbeats()
        #expect(heartbeats.locksAreMissing(of: ["a", "b"]) == [])
        for _ in 1...3 { _ = heartbeats.beat() }
        #expect(heartbeats.locksAreMissing(of: ["a"]) == [])
        #expect(heartbeats.beat() == 4)
        #expect(heartbeats.locksAreMissing(of: ["a", "b"]) == ["a"])
        for _ in 1...4 { _ = heartbeats.beat() }
        #expect(heartbeats.locksAreMissing(of: ["b", "a"]) == ["a", "b"])
    }

    @Test("Lost events are logged once in four heartbeats")
    func losses() {
        var heartbeats = Heartbeats()
        #expect(heartbeats.eventsWereLost() && !heartbeats.eventsWereLost())
        for _ in 1...3 { _ = heartbeats.beat() }
        #expect(heartbeats.eventsWereLost() == false)
        _ = heartbeats.beat()
        #expect(heartbeats.eventsWereLost() == true)
    }

    // MARK: Timers

    @Test("A timer that wakes the loop gives way only to one that does so before")
    func wakeUps() async {
        var timers = Timers()
        var started: [Int] = []
        func wake(_ seconds: Int) {
            timers.wake(at: time(seconds)) {
                started.append($0)
                return Task { try? await Task.sleep(for: .seconds(60)) }
            }
        }
        wake(10)
        let first = timers.anyTask
        wake(20)
        #expect(started.count == 1 && first?.isCancelled == false)
        wake(5)
        #expect(started.count == 2 && first?.isCancelled == true)
        // The end of the cancelled one changes nothing.
        timers.ended(started[0])
        #expect(timers.isSet(.wakeUp))
        timers.ended(started[1])
        #expect(!timers.isSet(.wakeUp) && timers.anyTask == nil)
        wake(30)
        #expect(started.count == 3)
        timers.cancelAll()
        #expect(!timers.isSet(.wakeUp) && timers.anyTask?.isCancelled == true)
    }

    // MARK: Observers

    @Test("Every observer gets every event")
    func observers() {
        let all = [MemoryObserver(), MemoryObserver()]
        let observers = JobObservers(all)
        let row = JobSummary(job: "1", name: "a.txt", queue: "default", state: .rejected)
        observers.dropRejected(row)
        observers.recordsMayBeMissing()
        for observer in all { #expect(observer.rows.value.rejected == [row] && observer.mayLackRecords.value) }
    }
}
