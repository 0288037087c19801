import Documents
import Synchronization
import Testing

@testable import Threads

@Suite("What the steps of a job wait for")
struct WaitsTests {
    private final class Told: Sendable {
        let reasons = Mutex<[String?]>([])
        var all: [String?] { reasons.withLock { $0 } }
    }

    private func collect(_ body: () async throws -> Void) async rethrows -> [String?] {
        let told = Told()
        try await WaitReasons { reason in told.reasons.withLock { $0.append(reason) } }.collect(body)
        return told.all
    }

    @Test("a wait is reported when it begins and when it ends")
    func one() async {
        #expect(await collect { await WaitReasons.during("a turn") {} } == ["a turn", nil])
    }

    @Test("of nested waits the one that began first is shown")
    func nested() async {
        let told = await collect { await WaitReasons.during("first") { await WaitReasons.during("second") {} } }
        #expect(told == ["first", nil])
    }

    @Test("a wait that goes on is shown when the wait before it ends")
    func handedOver() async {
        let told = await collect {
            await withTaskGroup { group in
                let (begun, beginning) = AsyncStream<Void>.makeStream()
                let (ended, ending) = AsyncStream<Void>.makeStream()
                group.addTask {
                    await WaitReasons.during("first") {
                        beginning.finish()
                        for await _ in ended {}
                    }
                    beginning.finish()
                }
                group.addTask {
                    for await _ in begun {}
                    await WaitReasons.during("second") { ending.finish() }
                }
            }
        }
        #expect(told.first == .some("first") && told.last == .some(nil))
    }

    @Test("a wait ends also when its body throws")
    func thrown() async {
        let told = await collect { try? await WaitReasons.during("a turn") { throw CancellationError() } }
        #expect(told == ["a turn", nil])
    }

    @Test("outside of a job a wait runs its body and is not reported")
    func outside() async { #expect(await WaitReasons.during("a turn") { 7 } == 7) }
}
