import Documents
import Jobs
import Synchronization
import TestKit
import Testing

@Suite struct JobIDTests {
    @Test func `an id is spelled as the ULID specification says`() {
        #expect(JobID(time: Timestamp(milliseconds: 0), high: 0, low: 0).text == "00000000000000000000000000")
        let last = JobID(time: Timestamp(milliseconds: 0xFFFF_FFFF_FFFF), high: .max, low: .max)
        #expect(last.text == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
        // The specification's own example of a time.
        #expect(
            JobID(time: Timestamp(milliseconds: 1_469_918_176_385), high: 0, low: 1).text
                == "01ARYZ6S410000000000000001"
        )
    }

    @Test func `ids are ordered by their times`() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<1_000 {
            let times = (0..<2).map { _ in
                Timestamp(milliseconds: Int64.random(in: 0...0xFFFF_FFFF_FFFF, using: &random))
            }
            guard times[0] != times[1] else { continue }
            let ids = times.map {
                JobID(time: $0, high: UInt16.random(in: .min ... .max, using: &random), low: random.next())
            }
            #expect((ids[0] < ids[1]) == (times[0] < times[1]))
            #expect(JobID(ids[0].text) == ids[0])
        }
    }

    @Test(arguments: [
        "", "01ARYZ6S41000000000000000", "01ARYZ6S4100000000000000001", "81ARYZ6S410000000000000001",
        "01aryz6s410000000000000001", "01ARYZ6S41000000000000000I", "01ARYZ6S41000000000000000U",
        "01ARYZ6S41000000000000000é",
        "01ARYZ6S4100000000000000/1",
    ])
    func `a text that is no canonical ULID is refused`(text: String) { #expect(JobID(text) == nil) }

    private let clock = ManualWallClock()

    private func generator(seed: UInt64) -> JobIDGenerator {
        let state = Mutex(SeededRandom(seed: seed))
        return JobIDGenerator(clock: clock.wallClock) { state.withLock { $0.next() } }
    }

    @Test func `a generator's ids of one moment differ and ascend`() {
        let generator = generator(seed: 8)
        let ids = (0..<1_000).map { _ in generator.next() }
        #expect(Set(ids).count == 1_000 && ids == ids.sorted())
        #expect(ids.allSatisfy { $0.time == clock.now })
    }

    @Test(arguments: [-3_600, -1, 0, 1, 3_600])
    func `a generator's ids ascend when the clock is set back or forward`(seconds: Int) {
        let generator = generator(seed: 9)
        let first = generator.next()
        clock.turn(by: .seconds(seconds))
        #expect(first < generator.next())
    }

    @Test func `a generator's ids come after those of an earlier process whose clock was ahead`() {
        let former = JobID(time: clock.now + .seconds(3_600), high: .max, low: .max)
        let generator = generator(seed: 10)
        generator.pass(former)
        let next = generator.next()
        #expect(former < next && next < generator.next())
    }

    @Test func `an id that a submitter made up for years to come does not move the generator`() throws {
        let generator = generator(seed: 11)
        generator.pass(try #require(JobID("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")))
        #expect(generator.next().time == clock.now)
    }

    @Test func `an id says when it was made`() {
        let time = Timestamp(milliseconds: 1_469_918_176_385)
        #expect(JobID(time: time, high: .max, low: .max).time == time)
    }
}
