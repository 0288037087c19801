import Documents
import Glibc
import Synchronization

/// Random numbers of the kernel, read in batches, so that few of them cost a system call.
final class KernelRandom: Sendable {
    /// Numbers per call; getentropy(3) gives 256 bytes at the most.
    static let batch = 32

    private let numbers = Mutex<[UInt64]>([])

    /// Returns a new number.
    func next() -> UInt64 {
        numbers.withLock { numbers in
            if let number = numbers.popLast() { return number }
            numbers = [UInt64](repeating: 0, count: Self.batch)
            // Swift's generator waits for a kernel that has no numbers yet.
            if numbers.withUnsafeMutableBytes({ getentropy($0.baseAddress, $0.count) }) != 0 {
                numbers = numbers.map { _ in UInt64.random(in: .min ... .max) }
            }
            return numbers.removeLast()
        }
    }
}
