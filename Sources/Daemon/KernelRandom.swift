import Glibc
import Synchronization

/// Random numbers of the kernel, so many at a time that few of them cost a system call.
final class KernelRandom: Sendable {
    /// getentropy(3) gives 256 bytes at the most.
    static let batch = 32

    private let numbers = Mutex<[UInt64]>([])

    /// A number that is given once.
    func next() -> UInt64 {
        numbers.withLock { numbers in
            if let number = numbers.popLast() { return number }
            numbers = [UInt64](repeating: 0, count: Self.batch)
            // A kernel that has no numbers yet gives them later to who waits for them.
            if numbers.withUnsafeMutableBytes({ getentropy($0.baseAddress, $0.count) }) != 0 {
                numbers = numbers.map { _ in UInt64.random(in: .min ... .max) }
            }
            return numbers.removeLast()
        }
    }
}
