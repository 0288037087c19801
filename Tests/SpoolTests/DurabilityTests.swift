import Documents
import Foundation
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing
import Threads

@testable import Spool

@Suite("Syncing")
struct DurabilityTests {
    private let spool: TestSpool
    private let root: SpoolRoot
    private var fileSystem: FaultyFileSystem { spool.fileSystem }
    private var syncs: [String] { fileSystem.calls.filter { $0.hasPrefix("sync") } }

    init() throws {
        spool = try TestSpool()
        root = try spool.root()
    }

    private func durability(_ mode: Durability.Mode = .automatic) -> Durability {
        Durability(fileSystem: fileSystem, root: root.root, threads: TestSpool.threads, mode: mode)
    }

    private func file(_ name: String) throws -> OpenFile {
        try fileSystem.open(name, in: root.directory("tmp"), .append)
    }

    @Test("A sync puts data on disk before the directories that name it")
    func order() async throws {
        let (first, second) = (try file("1"), try file("2"))
        try await durability().sync(files: [first, second], directories: [root.directory("tmp"), root.root])
        #expect(syncs == ["sync data tmp/1", "sync data tmp/2", "sync all tmp", "sync all "])
    }

    @Test("A sync of more than four files flushes the filesystem once")
    func threshold() async throws {
        let files = try (1...5).map { try file("\($0)") }
        try await durability().sync(files: Array(files.prefix(4)))
        #expect(syncs.count == 4)
        fileSystem.forgetCalls()
        try await durability().sync(files: files)
        #expect(syncs == ["sync fileSystem "])
        fileSystem.forgetCalls()
        try await durability(.files).sync(files: files)
        #expect(syncs.count == 5)
        fileSystem.forgetCalls()
        try await durability(.off).sync(files: files)
        #expect(syncs == [])
    }

    @Test("A sync of the whole filesystem flushes it in every mode but off")
    func everything() async throws {
        for mode in [Durability.Mode.automatic, .files] {
            fileSystem.forgetCalls()
            try await durability(mode).syncFileSystem()
            #expect(syncs == ["sync fileSystem "])
        }
        fileSystem.forgetCalls()
        try await durability(.off).syncFileSystem()
        #expect(syncs == [])
    }

    @Test("A sync that names a file twice syncs it once")
    func once() async throws {
        let file = try file("1")
        try await durability().sync(files: [file, file], directories: [root.root, root.root])
        #expect(syncs == ["sync data tmp/1", "sync all "])
    }

    @Test("A caller on a thread that may block flushes on that thread")
    func whereItIs() async throws {
        let threads = Mutex<[pthread_t]>([])
        fileSystem.before { call throws(Errno) in
            if call.hasPrefix("sync") { threads.withLock { $0.append(pthread_self()) } }
        }
        let durability = durability()
        let file = try file("1")
        let own = try await Task(executorPreference: TestSpool.threads) { @concurrent in
            let own = pthread_self()
            try await durability.sync(files: [file])
            return own
        }.value
        #expect(threads.withLock { $0 } == [own])
    }

    @Test("A flush for an actor does not keep other calls from the actor")
    func actors() async throws {
        let gate = ThreadGate()
        fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { gate.pass() } }
        let durability = durability()
        let file = try file("1")
        let caller = Caller()
        let flush = Task(executorPreference: TestSpool.threads) { @concurrent in
            try await caller.sync(file, durability)
        }
        await gate.arrival()
        await caller.answer()
        gate.open()
        try await flush.value
    }

    @Test("Callers that come during a flush share the next one", arguments: [nil, TestSpool.threads])
    func shared(_ executor: WorkerThreads?) async throws {
        let gate = ThreadGate()
        fileSystem.before { call throws(Errno) in if call == "sync data tmp/first" { gate.pass() } }
        let durability = durability()
        let first = try file("first")
        let late = try (0..<64).map { try file("\($0)") }
        let leader = Task(executorPreference: executor) { @concurrent in try await durability.sync(files: [first]) }
        await gate.arrival()
        // They run at once, up to where they wait.
        let followers = late.map { file in Task.immediate { try await durability.sync(files: [file]) } }
        #expect(syncs == ["sync data tmp/first"])
        gate.open()
        try await leader.value
        for follower in followers { try await follower.value }
        #expect(syncs == ["sync data tmp/first", "sync fileSystem "])
    }

    @Test(
        "A failed flush fails all waiting callers and every later one, and is never tried again",
        arguments: [nil, TestSpool.threads]
    )
    func failure(_ executor: WorkerThreads?) async throws {
        let gate = ThreadGate()
        fileSystem.before { call throws(Errno) in
            guard call == "sync data tmp/1" else { return }
            gate.pass()
            throw .ioError
        }
        let durability = durability()
        let (first, second) = (try file("1"), try file("2"))
        let leader = Task(executorPreference: executor) { @concurrent in try await durability.sync(files: [first]) }
        await gate.arrival()
        let follower = Task.immediate { try await durability.sync(files: [second]) }
        gate.open()
        await #expect(throws: SyncFailure.self) { try await leader.value }
        await #expect(throws: SyncFailure.self) { try await follower.value }
        #expect(durability.failure?.cause == .ioError)
        await #expect(throws: SyncFailure.self) { try await durability.sync(files: [second]) }
        await #expect(throws: SyncFailure.self) { try await durability.sync(directories: [root.root]) }
        let late = Task(executorPreference: executor) { @concurrent in try await durability.sync(files: [second]) }
        await #expect(throws: SyncFailure.self) { try await late.value }
        #expect(syncs == ["sync data tmp/1"])
    }

    @Test("A sync ignores EINVAL for a directory, but not for a file")
    func invalid() async throws {
        fileSystem.before { call throws(Errno) in if call.hasPrefix("sync all") { throw .invalidArgument } }
        let durability = durability()
        try await durability.sync(files: [file("1")], directories: [root.root])
        try Durability.syncNow(root.root, fileSystem)
        fileSystem.before { call throws(Errno) in if call.hasPrefix("sync data") { throw .invalidArgument } }
        await #expect(throws: SyncFailure.self) { try await durability.sync(files: [file("1")]) }
    }

    @Test("A sync works on a real disk", arguments: Durability.Mode.allCases)
    func real(_ mode: Durability.Mode) async throws {
        let fileSystem = LinuxFileSystem()
        let real = Durability(fileSystem: fileSystem, root: root.root, threads: TestSpool.threads, mode: mode)
        let files = try (1...6).map { try file("\($0)") }
        for file in files { try fileSystem.writeAll([1, 2, 3], to: file) }
        try await real.sync(files: files, directories: [root.root, root.directory("tmp")])
        try await real.sync(files: [files[0]], directories: [root.root])
    }
}

private actor Caller {
    func sync(_ file: OpenFile, _ durability: Durability) async throws { try await durability.sync(files: [file]) }

    func answer() {}
}
