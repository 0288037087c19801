import Documents
import Synchronization
package import SystemPackage
package import Threads

/// The one place that syncs: many waiters share one flush.
///
/// Callers that come while a flush runs wait for the next one together. A small group is synced file by file, a large
/// one with a single syncfs(2): on ext4, 64 files took 440 ms one by one and 20 ms together. After a failed flush every
/// later one fails at once, too (see ``SyncFailure``).
package final class Durability: Sendable {
    /// How a group of waiters is flushed.
    package enum Mode: String, Sendable, CaseIterable {
        /// File by file for small groups, the filesystem for large ones.
        case automatic
        /// Always file by file: for filesystems to which other programs write much.
        case files
        /// Not at all: for benchmarks and tests. A power cut loses jobs.
        case off
    }

    /// Groups with more files than this are flushed with one syncfs.
    static let filesMax = 4

    private struct State {
        var waiters: [Waiter] = []
        var isFlushing = false
        var failure: SyncFailure?
    }

    private struct SyncRequest {
        var files: [(file: OpenFile, kind: SyncKind)] = []
        var wantsAll = false
    }

    private struct Waiter {
        var wish: SyncRequest
        var continuation: CheckedContinuation<Void, any Error>
    }

    private let fileSystem: any FileSystem
    private let root: OpenFile
    private let threads: WorkerThreads
    private let mode: Mode
    private let state = Mutex(State())

    /// - Parameter root: Any file of the filesystem, for syncfs.
    package init(fileSystem: any FileSystem, root: OpenFile, threads: WorkerThreads, mode: Mode) {
        self.fileSystem = fileSystem
        self.root = root
        self.threads = threads
        self.mode = mode
    }

    /// The failure that ended all syncing; nil when there was none.
    package var failure: SyncFailure? { state.withLock { $0.failure } }

    /// Returns when the data of `files` and then the entries of `directories`, in that order, are on disk.
    ///
    /// - Throws: ``SyncFailure``.
    package func sync(files: [OpenFile] = [], directories: [OpenFile] = []) async throws {
        try await carryOut(SyncRequest(files: files.map { ($0, .data) } + directories.map { ($0, .all) }))
    }

    /// Returns when all that any process wrote to the filesystem is on disk.
    ///
    /// - Throws: ``SyncFailure``.
    package func syncFileSystem() async throws {
        try await carryOut(SyncRequest(wantsAll: true))
    }

    private func carryOut(_ wish: SyncRequest) async throws {
        if mode == .off { return }
        // A caller outside of actors that runs on a disk thread flushes there: no other thread has to be woken.
        let actor: (any Actor)? = #isolation
        if actor == nil, threads.isCurrent, try beginFlushing() { return try flushHere(wish) }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let (failure, mustStart) = state.withLock { state -> (SyncFailure?, Bool) in
                if let failure = state.failure { return (failure, false) }
                state.waiters.append(Waiter(wish: wish, continuation: continuation))
                defer { state.isFlushing = true }
                return (nil, !state.isFlushing)
            }
            if let failure { continuation.resume(throwing: failure) }
            if mustStart { threads.start { self.flushUntilNobodyWaits() } }
        }
    }

    /// True when no flush was running; then the caller must flush.
    private func beginFlushing() throws(SyncFailure) -> Bool {
        try state.withLock { state throws(SyncFailure) in
            if let failure = state.failure { throw failure }
            defer { state.isFlushing = true }
            return !state.isFlushing
        }
    }

    /// Flushes for one caller; another thread then flushes for the callers that came meanwhile.
    private func flushHere(_ wish: SyncRequest) throws(SyncFailure) {
        do throws(Errno) { try flush([wish]) } catch {
            let failure = SyncFailure(cause: error)
            fail([], failure)
            throw failure
        }
        let mustGoOn = state.withLock { state in
            state.isFlushing = !state.waiters.isEmpty
            return state.isFlushing
        }
        if mustGoOn { threads.start { self.flushUntilNobodyWaits() } }
    }

    private func flushUntilNobodyWaits() {
        while true {
            let group = state.withLock { state in
                defer { state.waiters = [] }
                if state.waiters.isEmpty { state.isFlushing = false }
                return state.waiters
            }
            if group.isEmpty { return }
            do throws(Errno) {
                try flush(group.map(\.wish))
                for waiter in group { waiter.continuation.resume() }
            } catch {
                fail(group, SyncFailure(cause: error))
            }
        }
    }

    private func flush(_ wishes: [SyncRequest]) throws(Errno) {
        threads.prepareToBlock()
        var seen: Set<ObjectIdentifier> = []
        // Data first: an entry must never be on disk before what it names.
        let wanted = wishes.flatMap(\.files).filter { seen.insert(ObjectIdentifier($0.file)).inserted }
        let isLarge = mode == .automatic && wanted.count > Self.filesMax
        if isLarge || wishes.contains(where: \.wantsAll) { return try fileSystem.sync(root, .fileSystem) }
        for (file, kind) in wanted where kind == .data { try fileSystem.sync(file, kind) }
        for (file, kind) in wanted where kind == .all {
            // Some filesystems cannot sync directories and need not (Exim ignores this error, too).
            do { try fileSystem.sync(file, kind) } catch .invalidArgument {}
        }
    }

    private func fail(_ group: [Waiter], _ failure: SyncFailure) {
        let late = state.withLock { state in
            state.failure = failure
            state.isFlushing = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in group + late { waiter.continuation.resume(throwing: failure) }
    }
}

extension Durability {
    /// Syncs one file or directory, for a program that is no node and shares no flush.
    package static func syncNow(_ file: OpenFile, _ fileSystem: any FileSystem) throws(Errno) {
        do { try fileSystem.sync(file, .all) } catch .invalidArgument {}
    }
}
