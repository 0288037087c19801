import Documents
import Jobs
import NIOHTTP1
import TestKit
import Testing

@testable import Models

@Suite("The limiter of a model", .timeLimit(.minutes(1)))
struct ModelLaneTests {
    private func limiter(_ clock: ManualClock, _ limits: String = "{}") throws -> ModelLimiter {
        try ModelLimiter(model: "m", limits: ModelLimits(reader(limits)), clock: clock)
    }

    private func answer(tokens: Int = 0) -> ChatAnswer {
        var usage = Usage()
        (usage.modelCalls, usage.inputTokens) = (1, tokens)
        return ChatAnswer(text: "", usage: usage, model: "m", body: [:])
    }

    private func stop(_ limiter: ModelLimiter, in permit: ModelPermit? = nil) async {
        let verdict = ClassifiedError(failure: Failure(.permanent, "bad key"), effect: .stop)
        _ = await failure { try await limiter.call(tokens: 1, in: permit) { throw verdict } }
    }

    @Test("A provider that asks for 20 s gets no request from any copy for 20 s, and then one")
    func retryAfter() async throws {
        let (clock, recorder) = (ManualClock(), Recorder())
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return recorder.requests.count == 1
                ? FakeProvider.Reply(429, headers: ["Retry-After": "20"], "{}")
                : FakeProvider.Reply(ProviderModelTests.hello)
        }
        try await withModel(respond, clock: clock) { model in
            let copy = model
            let pauses = try await model.withPermit { held in
                // The second call is a correction in the same step.
                [
                    await pause { try await copy.complete(request()) },
                    await pause { try await held.complete(request()) },
                ]
            }
            #expect(pauses.map { $0?.duration } == [.seconds(20), .seconds(20)])
            // Only the first call reached the provider, which refused it.
            #expect(pauses.map { $0?.patience } == [.seconds(86_400), nil])
            for second in 0..<19 {
                let pause = await pause { try await copy.withPermit { try await $0.complete(request()) } }
                #expect(pause?.duration == .seconds(20 - second))
                #expect(pause?.reason == "the model default rests for 20s: the provider answered HTTP 429")
                clock.advance(by: .seconds(1))
            }
            #expect(recorder.requests.count == 1)
            // One second is left, so the call waits.
            async let answer = copy.withPermit { try await $0.complete(request()) }
            await clock.whenSleeping(for: .seconds(1))
            #expect(recorder.requests.count == 1)
            clock.advance(by: .seconds(1))
            #expect(try await answer.text == "Hi")
        }
        #expect(recorder.requests.count == 2)
    }

    @Test("An answer that reports a used-up rate limit is kept, and closes the limiter")
    func remaining() async throws {
        let clock = ManualClock()
        var reply = FakeProvider.Reply(ProviderModelTests.hello)
        reply.headers.add(name: "x-ratelimit-remaining-tokens", value: "0")
        reply.headers.add(name: "x-ratelimit-reset-tokens", value: "6m0s")
        try await withModel(FakeProvider.always(reply), clock: clock) { model in
            let answer = try await model.complete(request())
            #expect(answer.text == "Hi")
            #expect(await pause { try await model.withPermit { _ in } }?.duration == .seconds(360))
        }
    }

    @Test("A shorter pause does not shorten a longer one")
    func longest() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock)
        limiter.pause(for: .seconds(20), "long")
        limiter.pause(for: .seconds(5), "short")
        #expect(
            await pause { try await limiter.withPermit { _ in } }
                == ModelPause(for: .seconds(20), "the model m rests for 20s: long")
        )
    }

    @Test("A stop closes the limiter for a minute, doubling up to 15 minutes, until a call is answered")
    func stops() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock)
        for minutes in [1, 2, 4, 8, 15, 15] {
            try await limiter.withPermit { await stop(limiter, in: $0) }
            let pause = await pause { try await limiter.withPermit { _ in } }
            let reason = "the model m is not asked until its server takes requests again: bad key"
            #expect(pause == ModelPause(for: .seconds(60 * minutes), reason))
            clock.advance(by: .seconds(60 * minutes))
        }
        try await limiter.withPermit { permit in _ = try await limiter.call(tokens: 1, in: permit) { answer() } }
        #expect(!limiter.isStopped)
        try await limiter.withPermit { await stop(limiter, in: $0) }
        #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .seconds(60))
    }

    @Test("Calls that were in flight together stop the limiter once")
    func together() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock)
        _ = try await limiter.call(tokens: 1, in: nil) {
            await stop(limiter)
            return answer()
        }
        // The call began before the stop, so its answer does not end the stop.
        #expect(limiter.isStopped)
        let verdict = ClassifiedError(failure: Failure(.permanent, "bad key"), effect: .stop)
        clock.advance(by: .seconds(60))
        _ = await failure {
            try await limiter.call(tokens: 1, in: nil) {
                await stop(limiter)
                throw verdict
            }
        }
        #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .seconds(120))
    }

    @Test("After a stop, one call goes ahead as a probe, and the others wait for its outcome")
    func probe() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock)
        await stop(limiter)
        clock.advance(by: .seconds(60))
        try await limiter.withPermit { _ in
            let other = await pause { try await limiter.withPermit { _ in } }
            #expect(other?.duration == ModelLimiterState.probeWait)
            #expect(other?.reason.hasSuffix("bad key") == true)
        }
        // The probe made no call, so the next holder of a permit may make one.
        try await limiter.withPermit { permit in _ = try await limiter.call(tokens: 1, in: permit) { answer() } }
        try await limiter.withPermit { _ in try await limiter.withPermit { _ in } }
    }

    @Test("A request above the limit per minute waits until the limit allows it")
    func requests() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock, "{requests_per_minute: 2}")
        for _ in 0..<2 {
            try await limiter.withPermit { permit in _ = try await limiter.call(tokens: 1, in: permit) { answer() } }
        }
        let pause = await pause { try await limiter.withPermit { _ in } }
        #expect(pause == ModelPause(for: .seconds(30), "the model m has used up its 2 requests per minute"))
        clock.advance(by: .seconds(30))
        // A permit without a call refunds its request; further calls in one permit are charged.
        try await limiter.withPermit { _ in }
        try await limiter.withPermit { permit in
            for _ in 0..<3 { _ = try await limiter.call(tokens: 1, in: permit) { answer() } }
        }
        #expect(await ModelsTests.pause { try await limiter.withPermit { _ in } }?.duration == .seconds(90))
    }

    @Test("Tokens per minute are estimated before a call and corrected after it, and may become negative")
    func tokens() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock, "{tokens_per_minute: 600}")
        _ = try await limiter.call(tokens: 5_000, in: nil) {
            #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .milliseconds(440_100))
            return answer(tokens: 699)
        }
        #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .seconds(10))
    }

    @Test("A cancelled call releases its permit")
    func cancelled() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock, "{concurrency: 1}")
        limiter.pause(for: .seconds(1), "short")
        let call = Task { try await limiter.withPermit { _ in } }
        await clock.whenSleeping(for: .seconds(1))
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        clock.advance(by: .seconds(1))
        try await limiter.withPermit { _ in }
    }

    @Test(
        "The reset of a limit is read as a duration in Go's form",
        arguments: [
            ("6m0s", Duration.seconds(360)), ("1s", .seconds(1)), ("100ms", .milliseconds(100)),
            ("1h2m3.5s", .milliseconds(3_723_500)), ("20us", .milliseconds(1)), ("99999h", RetryAfter.max), ("", nil),
            ("5", nil), ("s", nil), ("1.2.3s", nil), ("-1s", nil), ("1d", RetryAfter.max),
        ] as [(String, Duration?)]
    )
    func durations(text: String, expected: Duration?) {
        #expect(RateLimitHeaders.duration(text) == expected)
    }

    @Test("When an operator asks for it, one call probes a stopped model at once, and an answer ends the stop")
    func probeNow() async throws {
        let clock = ManualClock()
        let limiter = try limiter(clock)
        await stop(limiter)
        #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .seconds(60))
        limiter.probeNow()
        try await limiter.withPermit { permit in
            // The other calls wait for the outcome.
            #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .seconds(5))
            await stop(limiter, in: permit)
        }
        // The probe failed: the stop goes on, and is longer.
        #expect(limiter.isStopped)
        #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .seconds(120))
        limiter.probeNow()
        try await limiter.withPermit { permit in _ = try await limiter.call(tokens: 1, in: permit) { answer() } }
        #expect(!limiter.isStopped)
        try await limiter.withPermit { _ in }
    }

    @Test("A rest that a server asked for stays in force when an operator asks for a probe")
    func restKept() async throws {
        let limiter = try limiter(ManualClock())
        limiter.pause(for: .seconds(90), "quota")
        limiter.probeNow()
        #expect(await pause { try await limiter.withPermit { _ in } }?.duration == .seconds(90))
    }
}
