import Documents
import Jobs
import Testing

@testable import Engine

@Suite("The deferred jobs in memory")
struct DeferredJobsTests {
    private func time(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: Int64(seconds) * 1_000) }

    private func name(_ number: Int) -> JobName {
        JobName(id: JobID(time: time(1), high: 0, low: UInt64(number)), dropName: Array("j".utf8))
    }

    private func entry(_ due: Int, _ number: Int? = nil) -> DeferredJobs.Entry {
        DeferredJobs.Entry(due: time(due), job: name(number ?? due))
    }

    private func scanned(_ entries: [DeferredJobs.Entry]) -> DeferredJobs {
        var jobs = DeferredJobs()
        jobs.beginScan()
        jobs.endScan(entries)
        return jobs
    }

    @Test("Jobs come out in the order in which they are due, and none too early")
    func order() {
        var jobs = scanned([entry(30), entry(10), entry(20)])
        #expect(jobs.nextDue == time(10) && !jobs.isDue(at: time(9)))
        #expect(jobs.takeDue(at: time(9)) == nil)
        #expect(jobs.takeDue(at: time(25)) == entry(10))
        #expect(jobs.takeDue(at: time(25)) == entry(20))
        #expect(jobs.takeDue(at: time(25)) == nil)
    }

    @Test("A due time is rounded up to a second, as it is in the directory's name")
    func rounding() {
        var jobs = scanned([])
        jobs.add(name(1), due: Timestamp(milliseconds: 10_001))
        #expect(jobs.nextDue == time(11))
    }

    @Test("Memory holds a bounded number of jobs, those due first; another scan finds the rest")
    func bounded() {
        let count = DeferredJobs.entriesMax + 10
        var jobs = scanned((1...count).reversed().map { entry($0) })
        for due in 1...DeferredJobs.entriesMax { #expect(jobs.takeDue(at: time(count)) == entry(due)) }
        #expect(jobs.takeDue(at: time(count)) == nil)
        #expect(jobs.mustScan, "jobs beyond the horizon need another scan")
        jobs.beginScan()
        jobs.endScan((DeferredJobs.entriesMax + 1...count).map { entry($0) })
        #expect(jobs.takeDue(at: time(count)) == entry(DeferredJobs.entriesMax + 1))
    }

    @Test("The next due time is the horizon when all jobs before it are taken")
    func horizon() {
        var jobs = scanned((1...DeferredJobs.entriesMax + 1).map { entry($0) })
        while jobs.takeDue(at: time(DeferredJobs.entriesMax)) != nil {}
        #expect(jobs.nextDue == time(DeferredJobs.entriesMax + 1))
        #expect(!jobs.mustScan, "nothing is due before the horizon")
    }

    @Test("A job due beyond the horizon is left to the next scan; an earlier one pushes out the last")
    func addition() {
        var jobs = scanned((11...DeferredJobs.entriesMax + 11).map { entry($0) })
        let horizon = DeferredJobs.entriesMax + 11
        jobs.add(name(1), due: time(horizon + 5))
        jobs.add(name(2), due: time(5))
        #expect(jobs.nextDue == time(5))
        var count = 0
        while jobs.takeDue(at: time(horizon - 1)) != nil { count += 1 }
        #expect(count == DeferredJobs.entriesMax)
        #expect(jobs.nextDue == time(horizon - 1))
    }

    @Test("A job that is added during a scan is kept, and only once")
    func additionDuringScan() {
        var jobs = DeferredJobs()
        jobs.beginScan()
        jobs.add(name(1), due: time(1))
        jobs.add(name(2), due: time(2))
        jobs.endScan([entry(2)])
        #expect(jobs.takeDue(at: time(9)) == entry(1))
        #expect(jobs.takeDue(at: time(9)) == entry(2))
        #expect(jobs.takeDue(at: time(9)) == nil)
    }

    @Test("Another scan is due after a failed one, and when one is requested during a scan")
    func rescan() {
        var jobs = scanned([entry(1)])
        jobs.beginScan()
        jobs.endScan(nil)
        #expect(jobs.mustScan && jobs.nextDue == time(1))
        jobs.beginScan()
        jobs.mustScan = true
        jobs.endScan([])
        #expect(jobs.mustScan)
    }
}
