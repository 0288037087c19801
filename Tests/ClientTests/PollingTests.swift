import Testing

@testable import Client

@Suite("Polling")
struct PollingTests {
    private let clock = SkippingClock()

    private var polling: Polling { Polling(clock: clock, pause: .milliseconds(20), patience: .seconds(1)) }

    @Test("What is there at once costs no pause, and what comes later costs the pauses before it")
    func found() async throws {
        #expect(try await polling.first { 1 } == 1)
        #expect(clock.now.offset == .zero)
        var looks = 0
        let found = try await polling.first { () -> Int? in
            looks += 1
            return looks == 4 ? looks : nil
        }
        #expect(found == 4)
        #expect(clock.now.offset == .milliseconds(60))
    }

    @Test("What does not come is given up when patience ends")
    func missing() async throws {
        var looks = 0
        let found = try await polling.first { () -> Int? in
            looks += 1
            return nil
        }
        #expect(found == nil && looks == 50)
    }
}
