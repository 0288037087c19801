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
    func `what is no canonical ULID is none`(text: String) { #expect(JobID(text) == nil) }

    @Test func `a generator's ids of one moment differ`() {
        let state = Mutex(SeededRandom(seed: 8))
        let clock = TurnedWallClock()
        let generator = JobIDGenerator(clock: clock.wallClock) { state.withLock { $0.next() } }
        let ids = Set((0..<1_000).map { _ in generator.next() })
        #expect(ids.count == 1_000)
        #expect(Set(ids.map { $0.text.prefix(10) }).count == 1)
    }
}
