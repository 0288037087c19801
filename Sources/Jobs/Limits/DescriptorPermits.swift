import Documents
import Threads

/// The file descriptors that calls and commands of all jobs may hold together.
///
/// A job that finds too few free descriptors waits and says so, instead of failing because the process is at its limit.
package final class DescriptorPermits: Sendable {
    private let semaphore: AsyncSemaphore
    private let reason: String

    /// - Parameters:
    ///   - max: How many may be held together, 1 or more.
    ///   - limit: The process's limit of open files, which `max` is a part of; shown in the reason for a wait.
    package init(max: Int, of limit: Int) {
        semaphore = AsyncSemaphore(permits: max)
        reason = """
            \(Swift.max(1, max)) descriptors are in use by calls and commands, as many as the limit of \(limit) open files \
            allows
            """
    }

    /// Without a limit, for code that holds too few descriptors to count.
    package static var unlimited: DescriptorPermits { DescriptorPermits(max: .max, of: .max) }

    /// How many are free now.
    package var free: Int { semaphore.free }

    /// How many tasks wait now.
    package var waiting: Int { semaphore.waiting }

    /// Runs `body` while holding `count` descriptors, or all where there are fewer.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before or while it waits; else what `body` throws.
    package func hold<Value>(_ count: Int, _ body: () async throws -> Value) async throws -> Value {
        try await semaphore.withPermits(count, reason, body)
    }
}
