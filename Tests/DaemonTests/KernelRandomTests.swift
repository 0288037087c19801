import Documents
import Testing

@testable import Daemon

@Suite("Random numbers of the kernel")
struct KernelRandomTests {
    @Test("No number is given twice, even to concurrent tasks")
    func distinct() async {
        let random = KernelRandom()
        let numbers = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 { group.addTask { (0..<1_000).map { _ in random.next() } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(numbers).count == 8_000)
    }
}
