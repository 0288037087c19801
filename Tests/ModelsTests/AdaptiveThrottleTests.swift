import Documents
import Jobs
import TestKit
import Testing

@testable import Models

@Suite("Throttling of a model after a rest")
struct LaneThrottleTests {
    /// A server with a quota, and jobs that call it through a throttle, in simulated time.
    private struct World {
        var throttle = AdaptiveThrottle()
        var now: Duration = .zero
        /// How many requests the server still accepts.
        var room: Double
        var every: Duration
        var most: Double
        var filledAt: Duration = .zero
        var namesWait = true
        /// If set, the server refuses one request in `oneIn` at random, and always names the same wait.
        var atRandom: (oneIn: Int, wait: Duration)?
        var random = SeededRandom(seed: 0)
        var (taken, refused) = (0, 0)

        init(room: Double, every: Duration) { (self.room, most, self.every) = (room, room, every) }

        /// A server without a quota that refuses requests at random.
        init(refusing oneIn: Int, wait: Duration, seed: UInt64) {
            self.init(room: 0, every: .zero)
            (atRandom, random) = ((oneIn, wait), SeededRandom(seed: seed))
        }

        /// The server's reply to a request: nil for an answer, else how long to wait.
        mutating func ask() -> Duration? {
            if let atRandom {
                return Int.random(in: 0..<atRandom.oneIn, using: &random) == 0 ? atRandom.wait : nil
            }
            room = min(most, room + (now - filledAt) / every)
            filledAt = now
            if room >= 1 {
                room -= 1
                return nil
            }
            return every * (1 - room)
        }

        /// Runs `jobs` with `workers` until all are answered, or until `end`.
        mutating func run(jobs: Int, workers: Int, until end: Duration) {
            var left = jobs
            var closedUntil: Duration = .zero
            while left > 0, now < end {
                var entries: [Int] = []
                if now >= closedUntil {
                    while entries.count < min(workers, left), throttle.enter(at: now) == nil {
                        entries.append(throttle.rests)
                    }
                }
                now += .milliseconds(10)
                for entry in entries {
                    if let wait = ask() {
                        refused += 1
                        let named = namesWait ? wait : nil
                        if let rest = throttle.rest(named, .quota, of: entry, at: now) {
                            closedUntil = max(closedUntil, now + rest)
                        }
                    } else {
                        taken += 1
                        left -= 1
                        throttle.noteAnswer(entry)
                    }
                    throttle.leave(entry)
                }
            }
        }
    }

    @Test(
        "A quota of one request per interval is kept with few refusals, for any number of workers",
        arguments: [(4, 2_000), (16, 2_000), (4, 500), (1, 5_000), (16, 100)]
    )
    func quota(workers: Int, every: Int) {
        var world = World(room: 10, every: .milliseconds(every))
        world.run(jobs: 40, workers: workers, until: .seconds(1_000))
        #expect(world.taken == 40)
        // The requests in flight when the quota was used up, and those that measure it.
        #expect(world.refused <= workers + 3, "\(world.refused) refusals")
        #expect(world.now < .milliseconds(every) * 45, "in \(world.now)")
    }

    @Test(
        "Random refusals are not mistaken for a quota: the queue waits little longer than the server asks",
        arguments: [(20, 5), (20, 30), (10, 5), (5, 2), (100, 20)]
    )
    func random(oneIn: Int, wait: Int) {
        var (time, named): (Duration, Duration) = (.zero, .zero)
        for seed in 0..<20 as Range<UInt64> {
            var world = World(refusing: oneIn, wait: .seconds(wait), seed: seed)
            world.run(jobs: 150, workers: 8, until: .seconds(10_000))
            #expect(world.taken == 150)
            time += world.now
            named += .seconds(wait) * world.throttle.rests
        }
        #expect(time < named * 3 / 2, "in \(time) where the server named \(named)")
    }

    @Test("A server that names no wait is called less and less often")
    func unnamed() {
        var world = World(room: 10, every: .seconds(2))
        world.namesWait = false
        world.run(jobs: 40, workers: 4, until: .seconds(1_000))
        #expect(world.taken == 40)
        #expect(world.refused <= 16, "\(world.refused) refusals")
    }

    @Test("A quota that has become larger is used after some time")
    func opening() {
        var world = World(room: 1, every: .seconds(2))
        world.run(jobs: 10, workers: 4, until: .seconds(1_000))
        let slow = world.now
        (world.every, world.most) = (.milliseconds(10), 1_000)
        world.run(jobs: 400, workers: 4, until: .seconds(1_000))
        #expect(world.taken == 410)
        #expect(world.now - slow < .seconds(150), "in \(world.now - slow)")
    }

    @Test("After a rest, the first and the second request each go alone")
    func probe() {
        var throttle = AdaptiveThrottle()
        #expect(throttle.enter(at: .zero) == nil)
        #expect(throttle.rest(.seconds(1), .overload, of: 0, at: .zero) == .seconds(1))
        throttle.leave(0)
        for _ in 0..<2 {
            #expect(throttle.enter(at: .seconds(1)) == nil)
            #expect(throttle.enter(at: .seconds(1)) == .answer)
            throttle.noteAnswer(1)
            throttle.leave(1)
        }
        #expect(throttle.enter(at: .seconds(1)) == nil)
        #expect(throttle.enter(at: .seconds(1)) == nil)
        #expect(throttle.enter(at: .seconds(1)) == .answer)
    }

    @Test("Refusals of requests that were in flight together cause one rest")
    func together() {
        var throttle = AdaptiveThrottle()
        for _ in 0..<3 { #expect(throttle.enter(at: .zero) == nil) }
        #expect(throttle.rest(nil, .overload, of: 0, at: .zero) == .seconds(1))
        #expect(throttle.rest(nil, .overload, of: 0, at: .zero) == nil)
        #expect(throttle.rest(.seconds(9), .overload, of: 0, at: .zero) == .seconds(9))
        #expect(throttle.rests == 1)
    }

    @Test("Rests without an answer in between become longer, up to one minute")
    func doubling() {
        var throttle = AdaptiveThrottle()
        var rests: [Duration?] = []
        for round in 0..<8 {
            _ = throttle.enter(at: .seconds(1_000 * round))
            rests.append(throttle.rest(nil, .overload, of: throttle.rests, at: .seconds(1_000 * round)))
        }
        #expect(rests == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
        // A server that names one second again and again, and never answers, is not called each second.
        throttle = AdaptiveThrottle()
        rests = []
        for round in 0..<5 {
            _ = throttle.enter(at: .seconds(1_000 * round))
            rests.append(throttle.rest(.seconds(1), .quota, of: throttle.rests, at: .seconds(1_000 * round)))
        }
        #expect(rests == [1, 1, 2, 4, 8].map { .seconds($0) })
    }

    /// A throttle that has learned a pace from two refusals, of the first request and of the third.
    private func throttle(refusedFor wait: Duration) -> AdaptiveThrottle {
        var throttle = AdaptiveThrottle()
        _ = throttle.enter(at: .zero)
        _ = throttle.rest(wait, .quota, of: 0, at: .zero)
        _ = throttle.enter(at: wait)
        throttle.noteAnswer(1)
        throttle.leave(1)
        _ = throttle.enter(at: wait)
        _ = throttle.rest(wait, .quota, of: 1, at: wait)
        return throttle
    }

    @Test("Requests that wait at a pace get places one after the other")
    func places() throws {
        var throttle = throttle(refusedFor: .seconds(2))
        let interval = try #require(throttle.interval)
        #expect(interval > .seconds(2) && interval < .seconds(2.1))
        #expect(throttle.enter(at: .seconds(4)) == nil)
        throttle.noteAnswer(2)
        throttle.leave(2)
        // One request comes too early, to test whether the quota refuses it.
        #expect(throttle.enter(at: .seconds(4)) == .place(interval / 2))
        let early = .seconds(4) + interval / 2
        #expect(throttle.enter(at: early) == nil)
        _ = throttle.rest(.seconds(6) - early, .quota, of: 2, at: early)
        throttle.leave(2)
        #expect(throttle.interval == interval)
        #expect(throttle.enter(at: .seconds(6)) == nil)
        throttle.noteAnswer(3)
        throttle.leave(3)
        #expect(throttle.enter(at: .seconds(6)) == .place(interval))
        #expect(throttle.enter(at: .seconds(6)) == .place(interval * 2))
        #expect(throttle.enter(at: .seconds(7)) == .place(interval * 3 - .seconds(1)))
        #expect(throttle.enter(at: .seconds(6) + interval) == nil)
    }

    @Test("A pace is dropped once the server answers a request that came too early for it")
    func disproof() throws {
        var throttle = throttle(refusedFor: .seconds(5))
        let interval = try #require(throttle.interval)
        _ = throttle.enter(at: .seconds(10))
        // The first request is still in flight.
        #expect(throttle.enter(at: .seconds(10) + interval / 2) == nil)
        throttle.noteAnswer(2)
        #expect(throttle.interval == interval)
        throttle.noteAnswer(2)
        #expect(throttle.interval == nil)
    }
}
