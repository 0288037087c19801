import Documents
import Jobs
import Testing

@testable import Engine

@Suite("The back-off after failures")
struct TroubleTests {
    private let start = Timestamp(milliseconds: 1_795_485_600_000)

    private func after(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

    @Test("After failures the engine tries again soon, and once")
    func once() {
        var backoff = RetryBackoff()
        #expect(backoff.nextLook == nil)
        backoff.note(at: start)
        backoff.note(at: after(1))
        #expect(backoff.nextLook == after(5))
        let isOver1 = backoff.isOver(at: after(4))
        #expect(!isOver1)
        let isOver2 = backoff.isOver(at: after(5))
        #expect(isOver2)
        let isOver3 = backoff.isOver(at: after(6))
        #expect(!isOver3)
    }

    @Test("The back-off grows while failures continue, and is short again after a quiet time")
    func rests() {
        var backoff = RetryBackoff()
        var now = start
        var rests: [Duration] = []
        for _ in 0..<6 {
            backoff.note(at: now)
            let next = backoff.nextLook ?? now
            rests.append(next - now)
            now = next
            let isOver4 = backoff.isOver(at: now)
            #expect(isOver4)
        }
        #expect(rests == [5, 10, 20, 40, 60, 60].map { .seconds($0) })
        now = now + .seconds(300)
        backoff.note(at: now)
        #expect(backoff.nextLook == now + RetryBackoff.pause)
    }

    @Test("A clock that is set back by hours makes no pause of hours")
    func clockSetBack() {
        var backoff = RetryBackoff()
        backoff.note(at: start)
        let isOver5 = backoff.isOver(at: after(-7_200))
        #expect(isOver5)
        #expect(RetryBackoff.lasts(until: after(5), at: start))
        #expect(!RetryBackoff.lasts(until: after(5), at: after(5)))
        #expect(!RetryBackoff.lasts(until: after(5), at: after(-7_200)))
    }
}
