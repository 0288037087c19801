import Documents
import Glibc
import Synchronization
import TestKit
import Testing

@testable import Threads

@Suite("Disk threads")
struct DiskThreadsTests {
    private let threads = WorkerThreads(count: 2)

    /// Runs on one of the threads, and enqueues a next task from there.
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

    @Test("A disk thread itself runs the task that it enqueued")
    func next() async throws {
        let (finder, next) = try await find { _ in }
        #expect(await next.value == finder)
    }

    @Test("A disk thread that blocks leaves the task that it enqueued to another thread")
    func blocking() async throws {
        let gate = ThreadGate()
        let found = Mutex<Task<pthread_t, Never>?>(nil)
        let blocked = Task { [threads] in
            try await find { next in
                found.withLock { $0 = next }
                try await threads.run { gate.pass() }
            }
        }
        await gate.arrival()
        let next = try #require(found.withLock { $0 })
        // While the first thread is still blocked.
        let other = await next.value
        gate.open()
        #expect(try await blocked.value.finder != other)
    }

    @Test("Disk threads work up to their limit, and the first free one runs what waits")
    func limit() async throws {
        let gates = [ThreadGate(), ThreadGate()]
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
