import Documents
import Synchronization
import Testing

@testable import Threads

@Suite("Permits that tasks wait for")
struct AsyncSemaphoreTests {
    private func waitUntil(_ condition: () -> Bool) async {
        while !condition() { await Task.yield() }
    }

    @Test("waiting tasks get permits in the order of their arrival")
    func fair() async throws {
        let semaphore = AsyncSemaphore(permits: 1)
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await semaphore.withPermits {
                for number in 0..<5 {
                    // Each task waits before the next one comes.
                    group.addTask { try await semaphore.withPermits { order.add(number) } }
                    await waitUntil { semaphore.waiting == number + 1 }
                }
            }
            try await group.waitForAll()
        }
        #expect(order.numbers == [0, 1, 2, 3, 4])
    }

    @Test("a cancelled task stops waiting, and the tasks behind it still get permits")
    func cancellation() async throws {
        let semaphore = AsyncSemaphore(permits: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await semaphore.withPermits {
                let first = Task { try await semaphore.withPermits {} }
                await waitUntil { semaphore.waiting == 1 }
                group.addTask { try await semaphore.withPermits {} }
                await waitUntil { semaphore.waiting == 2 }
                first.cancel()
                await #expect(throws: CancellationError.self) { try await first.value }
                #expect(semaphore.waiting == 1)
            }
            try await group.waitForAll()
        }
        try await semaphore.withPermits {}
    }

    @Test("a task that was cancelled before it asks takes no permit")
    func cancelledBefore() async throws {
        let semaphore = AsyncSemaphore(permits: 1)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await semaphore.withPermits { _ = Issue.record("the cancelled task got a permit") }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await semaphore.withPermits {}
    }

    @Test("a body that throws gives its permit back")
    func bodyThrows() async throws {
        struct Broken: Error {}
        let semaphore = AsyncSemaphore(permits: 1)
        await #expect(throws: Broken.self) { try await semaphore.withPermits { throw Broken() } }
        try await semaphore.withPermits {}
    }
}

private final class Order: Sendable {
    private let list = Mutex<[Int]>([])

    var numbers: [Int] { list.withLock { $0 } }

    func add(_ number: Int) { list.withLock { $0.append(number) } }
}
