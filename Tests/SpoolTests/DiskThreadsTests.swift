import Glibc
import Synchronization
import Testing

@testable import Spool

@Suite("Of the disk's threads")
struct DiskThreadsTests {
    private let threads = DiskThreads(count: 2)

    /// Runs on one of the threads, and has it find a task to do next.
    private func find(_ rest: @escaping @Sendable (Task<pthread_t, Never>) async throws -> Void) async throws -> (
        finder: pthread_t, next: Task<pthread_t, Never>
    ) {
        try await Task(executorPreference: threads) { @concurrent [threads] in
            let next = Task(executorPreference: threads) { @concurrent in pthread_self() }
            let finder = pthread_self()
            try await rest(next)
            return (finder, next)
        }.value
    }

    @Test("one does itself what it finds to do next")
    func next() async throws {
        let (finder, next) = try await find { _ in }
        #expect(await next.value == finder)
    }

    @Test("one that blocks leaves what it found to another")
    func blocking() async throws {
        let gate = Gate()
        let found = Mutex<Task<pthread_t, Never>?>(nil)
        let blocked = Task { [threads] in
            try await find { next in
                found.withLock { $0 = next }
                try await threads.run { gate.pass() }
            }
        }
        await gate.arrival()
        let next = try #require(found.withLock { $0 })
        // Before the finder goes on.
        let other = await next.value
        gate.open()
        #expect(try await blocked.value.finder != other)
    }

    @Test("each works when there is work for it, and the first that is free does what waits")
    func limit() async throws {
        let gates = [Gate(), Gate()]
        let blocked = gates.map { gate in Task { [threads] in try await threads.run { gate.pass() } } }
        for gate in gates { await gate.arrival() }
        let isDone = Mutex(false)
        let third = Task.immediate { [threads] in try await threads.run { isDone.withLock { $0 = true } } }
        #expect(isDone.withLock { $0 } == false)
        gates[0].open()
        try await third.value
        gates[1].open()
        for task in blocked { try await task.value }
    }
}
