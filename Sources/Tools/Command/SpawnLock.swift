import Documents
import Glibc
import Synchronization
import SystemPackage

/// Lets one command start at a time, and only when there are descriptors for it.
///
/// Subprocess 1.0 ends the whole process when the second of its pipes cannot be made: the first one's `deinit` traps.
/// Seen with 40 calls at once under `ulimit -n 100`. So free descriptors are counted first, and no other start may take
/// them in between. Other parts of the daemon still may, so the case is rare but possible: a daemon should raise its
/// soft limit (RLIMIT_NOFILE) to the hard one. Subprocess itself starts processes one after another, on one thread, so
/// waiting here costs nothing.
final class SpawnLock: Sendable {
    /// Process-wide, as descriptors are.
    static let shared = SpawnLock()

    /// Three pipes, the working directory, the pidfd, at the first use two epolls and two eventfds, and some to spare.
    static let descriptors = 16

    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Waits for its turn; ``leave()`` must follow.
    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isTaken {
                    state.waiting.append(continuation)
                    return false
                }
                state.isTaken = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    /// Lets the next caller in.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }

    /// A file in memory that holds a command's input, when there are descriptors enough to start a command as well.
    ///
    /// - Throws: `Errno`, EMFILE when there are not.
    static func inputFile(holding bytes: [UInt8]) throws(Errno) -> FileDescriptor {
        let file = try MemoryFile.open(holding: bytes)
        do throws(Errno) {
            try requireDescriptors()
        } catch {
            try? file.close()
            throw error
        }
        return file
    }

    /// - Throws: `Errno`, EMFILE when there are not enough descriptors to start a command.
    static func requireDescriptors() throws(Errno) {
        var taken: [Int32] = []
        defer { for number in taken { close(number) } }
        for _ in 0..<descriptors {
            let number = open("/dev/null", O_RDONLY | O_CLOEXEC)
            if number < 0 { throw Errno(rawValue: errno) }
            taken.append(number)
        }
    }
}
