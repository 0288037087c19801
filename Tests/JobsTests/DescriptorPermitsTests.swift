import Documents
import Jobs
import Synchronization
import TestKit
import Testing
import Threads

@Suite("Descriptors that calls and commands share")
struct DescriptorsTests {
    @Test("waiting callers get descriptors in the order of their arrival, also one that wants many")
    func order() async throws {
        let descriptors = DescriptorPermits(max: 2, of: 10)
        let order = Watched<[Int]>([])
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await descriptors.hold(2) { try await gate.pass() } }
            while descriptors.free > 0 { await Task.yield() }
            for (place, count) in [(1, 2), (2, 1), (3, 1)] {
                group.addTask {
                    try await descriptors.hold(count) { order.update { $0.append(place) } }
                }
                while descriptors.waiting < place { await Task.yield() }
            }
            gate.open()
            try await group.waitForAll()
        }
        #expect(order.value.first == 1)
        #expect(order.value.sorted() == [1, 2, 3])
        #expect(descriptors.free == 2)
    }

    @Test("a caller that wants more descriptors than there are takes all of them")
    func many() async throws {
        let descriptors = DescriptorPermits(max: 2, of: 10)
        try await descriptors.hold(8) { #expect(descriptors.free == 0) }
        #expect(descriptors.free == 2)
    }

    @Test("a cancelled task stops waiting for descriptors, and the tasks behind it go on")
    func cancelled() async throws {
        let descriptors = DescriptorPermits(max: 2, of: 10)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await descriptors.hold(1) { try await gate.pass() } }
            while descriptors.free > 1 { await Task.yield() }
            let large = Task { try await descriptors.hold(2) {} }
            while descriptors.waiting < 1 { await Task.yield() }
            let small = Task { try await descriptors.hold(1) {} }
            while descriptors.waiting < 2 { await Task.yield() }
            large.cancel()
            await #expect(throws: CancellationError.self) { try await large.value }
            try await small.value
            gate.open()
            try await group.waitForAll()
        }
        #expect(descriptors.free == 2 && descriptors.waiting == 0)
    }

    @Test("a job that waits for descriptors shows the reason")
    func reason() async throws {
        let descriptors = DescriptorPermits(max: 1, of: 400)
        let gate = Gate()
        let told = Watched<[String?]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await descriptors.hold(1) { try await gate.pass() } }
            while descriptors.free > 0 { await Task.yield() }
            group.addTask {
                try await WaitReasons { why in told.update { $0.append(why) } }.collect {
                    try await descriptors.hold(1) {}
                }
            }
            await told.wait { !$0.isEmpty }
            gate.open()
            try await group.waitForAll()
        }
        #expect(told.value.count == 2 && told.value.last == .some(nil))
        #expect(told.value.first??.contains("as many as the limit of 400 open files allows") == true)
    }
}
