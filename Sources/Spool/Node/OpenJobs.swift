import DequeModule
import Documents
import Synchronization
import SystemPackage

/// The open files of one job: its directory and its history.
final class JobFiles: Sendable {
    let directory: OpenFile
    let history: OpenFile

    init(directory: OpenFile, history: OpenFile) { (self.directory, self.history) = (directory, history) }
}

/// A permit to take and accept one drop, or to open one job.
final class ArrivalPermit: Sendable {
    private let jobs: OpenJobs
    private let isHeld = Mutex(true)

    fileprivate init(of jobs: OpenJobs) { self.jobs = jobs }

    /// Gives the permit back; later calls do nothing, and `deinit` gives it back, too.
    func leave() {
        let wasHeld = isHeld.withLock { isHeld in
            defer { isHeld = false }
            return isHeld
        }
        if wasHeld { jobs.leave() }
    }

    deinit { leave() }
}

/// The jobs with open files: a bounded number, each while it is used and a moment longer.
///
/// Thousands of jobs may wait for a model, and keep no descriptor; a job that goes on at once finds its files still
/// open. Unsynced writes are synced before their file is closed: the kernel reports a failed write only to processes
/// that have the file open.
final class OpenJobs: Sendable {
    private struct Entry {
        let job: OwnedJob
        let files: JobFiles
        /// The number of tasks that use them now.
        var users: Int
        /// The number of uses so far.
        var uses = 0
        /// The number of sweeps before the last use.
        var lastUse: Int
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        /// Unused entries, the one used last at the end; outdated when `uses` differs from the entry's.
        var idle = Deque<(job: ObjectIdentifier, uses: Int)>()
        /// The number of drops that are being accepted, and of jobs that are being opened.
        var arriving = 0
        var waitingForFiles = Deque<CheckedContinuation<Void, Never>>()
        /// Jobs that are to be opened, and drops.
        var waitingJobs = Deque<CheckedContinuation<Void, Never>>()
        var waitingDrops = Deque<CheckedContinuation<Void, Never>>()
        var sweeps = 0
        var isSweeping = false
    }

    private enum Room {
        /// There is room; with the files that had to be closed for it.
        case free(JobFiles?)
        /// These must be synced before they can be closed.
        case unsynced([Entry])
        case none
    }

    private enum Start {
        case open(JobFiles)
        case mayOpen(JobFiles?)
        case sync([Entry])
        case wait
    }

    /// Files that were not used for this long are closed by the next sweep.
    private static let idleTime: Duration = .milliseconds(100)

    /// What arrives.
    enum Arrival {
        /// Copying a long one may take minutes.
        case drop
        /// The engine's loop waits for it.
        case job
    }

    private let max: Int
    private let fileSystem: any FileSystem
    private let durability: Durability
    private let timer: any Clock<Duration>
    private let state = Mutex(State())

    /// - Parameter max: The most jobs with open files, arrivals included; at least 8.
    init(max: Int, fileSystem: any FileSystem, durability: Durability, timer: any Clock<Duration>) {
        self.max = Swift.max(8, max)
        self.fileSystem = fileSystem
        self.durability = durability
        self.timer = timer
    }

    // MARK: Use

    /// Returns a job's files, which stay open until ``end(_:)``; waits while too many are open.
    ///
    /// - Parameter reopen: Opens them when they are closed.
    /// - Throws: What `reopen` throws; ``SyncFailure``.
    func begin(_ job: OwnedJob, reopen: () async throws -> JobFiles) async throws -> JobFiles {
        while true {
            switch state.withLock({ start(job, &$0) }) {
            case .open(let files): return files
            case .mayOpen:
                do {
                    let files = try await reopen()
                    return state.withLock { state in
                        state.arriving -= 1
                        return use(job, files, &state)
                    }
                } catch {
                    leave()
                    throw error
                }
            case .sync(let entries): try await sync(entries)
            case .wait:
                await withCheckedContinuation { continuation in
                    let isAtOnce = state.withLock { state in
                        if state.entries.values.contains(where: { $0.users == 0 }) || hasRoom(state) { return true }
                        state.waitingForFiles.append(continuation)
                        return false
                    }
                    if isAtOnce { continuation.resume() }
                }
            }
        }
    }

    /// Ends a use that ``begin(_:reopen:)`` began.
    func end(_ job: OwnedJob) {
        let isClosed = job.isClosed
        var closed: JobFiles?
        let (mustSweep, waiter) = state.withLock { state in
            let key = ObjectIdentifier(job)
            state.entries[key]?.users -= 1
            if let entry = state.entries[key], entry.users == 0 {
                if isClosed {
                    closed = state.entries.removeValue(forKey: key)?.files
                } else {
                    state.idle.append((key, entry.uses))
                }
            }
            return (mustBeginSweeping(&state), nextWaiter(&state))
        }
        withExtendedLifetime(closed) {}
        waiter?.resume()
        if mustSweep { beginSweeping() }
    }

    private func start(_ job: OwnedJob, _ state: inout State) -> Start {
        if let entry = state.entries[ObjectIdentifier(job)] { return .open(use(job, entry.files, &state)) }
        switch makeRoom(&state) {
        case .free(let closed):
            state.arriving += 1
            return .mayOpen(closed)
        case .unsynced(let entries): return .sync(entries)
        case .none: return .wait
        }
    }

    /// Counts a use of a job's files; returns the files of another task when that opened them first.
    private func use(_ job: OwnedJob, _ files: JobFiles, _ state: inout State) -> JobFiles {
        let key = ObjectIdentifier(job)
        var entry = state.entries[key] ?? Entry(job: job, files: files, users: 0, lastUse: 0)
        entry.users += 1
        entry.uses += 1
        entry.lastUse = state.sweeps
        state.entries[key] = entry
        return entry.files
    }

    // MARK: Arrivals

    /// Waits for a permit to take one more drop or to open one more job.
    ///
    /// Arrivals get half of the room at most, because the holder of a permit may have to wait for files, too. Drops
    /// leave a quarter of that half to jobs.
    func room(for arrival: Arrival) async throws -> ArrivalPermit {
        try await enter(arrival)
        return ArrivalPermit(of: self)
    }

    private func arrivalsMax(_ arrival: Arrival) -> Int { arrival == .job ? max / 2 : max * 3 / 8 }

    private func enter(_ arrival: Arrival) async throws {
        while true {
            let room = state.withLock { state -> Room in
                guard state.arriving < arrivalsMax(arrival) else { return .none }
                let room = makeRoom(&state)
                if case .free = room { state.arriving += 1 }
                return room
            }
            switch room {
            case .free: return
            case .unsynced(let entries): try await sync(entries)
            case .none:
                await withCheckedContinuation { continuation in
                    let isAtOnce = state.withLock { state in
                        let mayBeRoom = hasRoom(state) || state.entries.values.contains { $0.users == 0 }
                        if state.arriving < arrivalsMax(arrival), mayBeRoom { return true }
                        switch arrival {
                        case .job: state.waitingJobs.append(continuation)
                        case .drop: state.waitingDrops.append(continuation)
                        }
                        return false
                    }
                    if isAtOnce { continuation.resume() }
                }
            }
        }
    }

    /// Gives the permit of one arrival back.
    fileprivate func leave() {
        let waiter = state.withLock { state in
            state.arriving -= 1
            return nextWaiter(&state)
        }
        waiter?.resume()
    }

    /// Keeps the files of a job that was just opened or made, for their next use.
    func add(_ job: OwnedJob, _ files: JobFiles) {
        let mustSweep = state.withLock { state in
            let key = ObjectIdentifier(job)
            state.entries[key] = Entry(job: job, files: files, users: 0, lastUse: state.sweeps)
            state.idle.append((key, 0))
            return mustBeginSweeping(&state)
        }
        if mustSweep { beginSweeping() }
    }

    /// The number of jobs with open files.
    var count: Int { state.withLock { $0.entries.count } }

    /// The number of drops and jobs that wait for a permit.
    var waiting: Int { state.withLock { $0.waitingJobs.count + $0.waitingDrops.count } }

    // MARK: Room

    private func hasRoom(_ state: State) -> Bool { state.entries.count + state.arriving < max }

    private func nextWaiter(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        if let waiter = state.waitingForFiles.popFirst() { return waiter }
        if state.arriving < arrivalsMax(.job), let waiter = state.waitingJobs.popFirst() { return waiter }
        return state.arriving < arrivalsMax(.drop) ? state.waitingDrops.popFirst() : nil
    }

    private func makeRoom(_ state: inout State) -> Room {
        if hasRoom(state) { return .free(nil) }
        var unsynced: [Entry] = []
        var kept = Deque<(job: ObjectIdentifier, uses: Int)>()
        defer { state.idle.prepend(contentsOf: kept) }
        while let (key, uses) = state.idle.popFirst() {
            guard let entry = state.entries[key], entry.users == 0, entry.uses == uses else { continue }
            if mayClose(entry) { return .free(state.entries.removeValue(forKey: key)?.files) }
            kept.append((key, uses))
            if !entry.job.isSynced { unsynced.append(entry) }
        }
        return unsynced.isEmpty ? .none : .unsynced(unsynced)
    }

    /// Whether the files may be closed: all is synced, and their identity is recorded for the next open.
    private func mayClose(_ entry: Entry) -> Bool { entry.job.isSynced && entry.job.remember(entry.files, fileSystem) }

    private func sync(_ entries: [Entry]) async throws {
        let lengths = entries.map(\.job.length)
        do {
            try await durability.sync(files: entries.map(\.files.history))
        } catch {
            // Nothing is synced any more: a waiting caller would wait for ever. It wakes and gets the same error.
            wakeAll()
            throw error
        }
        for (entry, length) in zip(entries, lengths) { entry.job.noteSynced(length) }
    }

    private func wakeAll() {
        let waiters = state.withLock { state in
            defer { (state.waitingForFiles, state.waitingJobs, state.waitingDrops) = ([], [], []) }
            return Array(state.waitingForFiles) + Array(state.waitingJobs) + Array(state.waitingDrops)
        }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: Sweeps

    private func mustBeginSweeping(_ state: inout State) -> Bool {
        if state.isSweeping || state.idle.isEmpty { return false }
        state.isSweeping = true
        return true
    }

    private func beginSweeping() { Task { @concurrent in await self.sweep() } }

    /// Closes unused files, until none is left to close.
    private func sweep() async {
        while (try? await timer.sleep(for: Self.idleTime)) != nil {
            let unsynced = state.withLock { state in
                state.sweeps += 1
                return old(state).filter { !$0.job.isSynced }
            }
            if !unsynced.isEmpty {
                // After a failed sync nothing is synced any more: the node stops and reports the cause.
                do { try await sync(unsynced) } catch { return }
            }
            let (closed, waiters, goesOn) = state.withLock { state in
                var closed: [JobFiles] = []
                for entry in old(state) where mayClose(entry) {
                    state.entries[ObjectIdentifier(entry.job)] = nil
                    closed.append(entry.files)
                }
                let entries = state.entries
                state.idle.removeAll { entries[$0.job].map { $0.users > 0 ? -1 : $0.uses } != $0.uses }
                var waiters: [CheckedContinuation<Void, Never>] = []
                while waiters.count < closed.count, let waiter = nextWaiter(&state) { waiters.append(waiter) }
                state.isSweeping = !state.idle.isEmpty
                return (closed, waiters, state.isSweeping)
            }
            withExtendedLifetime(closed) {}
            for waiter in waiters { waiter.resume() }
            if !goesOn { return }
        }
    }

    /// Entries that no task has used since the sweep before the last.
    private func old(_ state: State) -> [Entry] {
        state.entries.values.filter { $0.users == 0 && $0.lastUse < state.sweeps - 1 }
    }
}
