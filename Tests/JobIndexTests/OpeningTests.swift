import Documents
import FoundationEssentials
import GRDB
import Glibc
import JobIndex
import Jobs
import TestKit
import Testing

@testable import JobIndex

@Suite struct OpeningTests {
    private let scratch: Scratch
    private let time = ManualWallClock()

    init() throws { scratch = try Scratch() }

    private func open() throws -> (database: IndexDatabase, isFresh: Bool) {
        try IndexDatabase.open(path: scratch.index, clock: time.wallClock, logger: silent)
    }

    private func summary(_ number: Int) -> JobSummary {
        JobSummary(job: Histories.id(number).text, name: "n", queue: "default", state: .waiting)
    }

    /// An index with one job, closed cleanly.
    private func makeIndex() async throws {
        let index = try await LiveIndex(scratch)
        await index.reconcile()
        index.writer.record(.rejected(summary(1)))
        await index.writer.close()
    }

    private var setAside: [String] { scratch.names.filter { $0.contains(".unusable-") } }

    @Test func `a missing index is made`() throws {
        let (database, isFresh) = try open()
        #expect(isFresh)
        #expect(!database.wasClosedCleanly)
        #expect(database.lastCommitAt == nil)
        database.close()
        let again = try open()
        #expect(!again.isFresh)
        #expect(setAside.isEmpty)
    }

    @Test func `an empty file is taken as a missing one`() throws {
        try scratch.write([], to: scratch.index)
        #expect(try open().isFresh)
        #expect(setAside.isEmpty)
    }

    @Test func `a missing directory is an error that says so`() throws {
        let path = scratch.path + "/not/there.sqlite"
        let error = #expect(throws: IndexError.self) {
            try IndexDatabase.open(path: path, clock: time.wallClock, logger: silent)
        }
        #expect(error == .directoryMissing(path: path))
        #expect(error?.description.contains("does not exist") == true)
    }

    @Test func `a file that is no database is set aside`() throws {
        try scratch.write(Array("this is a letter".utf8), to: scratch.index)
        let (database, isFresh) = try open()
        #expect(isFresh)
        database.close()
        #expect(setAside == ["index.sqlite.unusable-\(time.now.compactText)"])
    }

    @Test func `only the newest unusable index is kept`() throws {
        for _ in 0..<3 {
            time.turn(by: .seconds(60))
            try scratch.write(Array("this is a letter".utf8), to: scratch.index)
            try open().database.close()
        }
        #expect(setAside == ["index.sqlite.unusable-\(time.now.compactText)"])
    }

    @Test func `a damaged index is set aside`() async throws {
        try await makeIndex()
        var bytes = try scratch.read(scratch.index)
        for offset in stride(from: 4_096, to: bytes.count, by: 1) { bytes[offset] = 0xA5 }
        try scratch.write(bytes, to: scratch.index)
        #expect(throws: IndexError.self) { try IndexDatabase.openReadOnly(path: scratch.index) }
        #expect(try open().isFresh)
        #expect(setAside.count == 1)
    }

    @Test func `an index that was cut short is set aside`() async throws {
        try await makeIndex()
        let bytes = try scratch.read(scratch.index)
        try scratch.write(Array(bytes.prefix(bytes.count / 2 + 100)), to: scratch.index)
        #expect(try open().isFresh)
        #expect(setAside.count == 1)
    }

    @Test func `an index of a newer version is set aside, and the command line says what to do`() async throws {
        try await makeIndex()
        let (database, _) = try open()
        try await database.pool?.write { try $0.execute(sql: "PRAGMA user_version = 999") }
        database.close()
        let error = #expect(throws: IndexError.self) { try IndexDatabase.openReadOnly(path: scratch.index) }
        #expect(error?.description.contains("newer version") == true)
        #expect(error?.description.contains("agentspool reindex") == true)
        #expect(try open().isFresh)
        #expect(setAside.count == 1)
    }

    @Test func `an index of an older version is set aside, and made again`() async throws {
        try await makeIndex()
        let (database, _) = try open()
        try await database.pool?.write { try $0.execute(sql: "PRAGMA user_version = 0") }
        database.close()
        #expect(throws: IndexError.self) { try IndexDatabase.openReadOnly(path: scratch.index) }
        #expect(try open().isFresh)
        #expect(setAside.count == 1)
    }

    @Test func `a database of another program is left alone`() throws {
        let other = try DatabaseQueue(path: scratch.index)
        try other.write { try $0.execute(sql: "CREATE TABLE bookmarks (url TEXT)") }
        try other.close()
        let before = try scratch.read(scratch.index)
        #expect(throws: IndexError.foreign(path: scratch.index)) { try open() }
        #expect(throws: IndexError.foreign(path: scratch.index)) { try IndexDatabase.openReadOnly(path: scratch.index) }
        #expect(try scratch.read(scratch.index) == before)
    }

    @Test func `a log without its database is not read by a new one`() async throws {
        let index = try await LiveIndex(scratch)
        index.writer.record(.rejected(summary(1)))
        try await index.writer.flush()
        try scratch.copy(scratch.index + "-wal", to: scratch.path + "/kept")
        await index.writer.close()
        try scratch.remove(scratch.index)
        try scratch.copy(scratch.path + "/kept", to: scratch.index + "-wal")
        let (database, isFresh) = try open()
        #expect(isFresh)
        #expect(try await database.counts().isEmpty)
    }

    // MARK: Ends

    @Test func `a clean end is seen by the next start, with the time`() async throws {
        let index = try await LiveIndex(scratch)
        await index.reconcile()
        index.time.turn(by: .seconds(5))
        index.writer.record(.rejected(summary(1)))
        await index.writer.close()
        let (database, isFresh) = try open()
        #expect(!isFresh)
        #expect(database.wasClosedCleanly)
        #expect(database.lastCommitAt == index.time.now)
    }

    @Test func `an index that was never compared with the files does not end cleanly`() async throws {
        let index = try await LiveIndex(scratch)
        index.writer.record(.rejected(summary(1)))
        #expect(index.writer.needsReconcile)
        await index.writer.close()
        let (database, _) = try open()
        #expect(!database.wasClosedCleanly)
        #expect(database.lastCommitAt == nil)
    }

    @Test func `after a killed writer the index is readable, and says that it was not closed`() async throws {
        let index = try await LiveIndex(scratch)
        await index.reconcile()
        index.writer.record(.rejected(summary(1)))
        try await index.writer.flush()
        // A killed process leaves a database and its log, and no process holds them.
        let copy = try Scratch()
        try scratch.copy(scratch.index, to: copy.index)
        try scratch.copy(scratch.index + "-wal", to: copy.index + "-wal")
        let reading = try IndexDatabase.openReadOnly(path: copy.index)
        #expect(!reading.wasClosedCleanly)
        #expect(try await reading.counts().map(\.count) == [1])
        reading.close()
        let (database, isFresh) = try IndexDatabase.open(path: copy.index, clock: time.wallClock, logger: silent)
        #expect(!isFresh)
        #expect(!database.wasClosedCleanly)
        #expect(database.lastCommitAt == index.time.now)
        #expect(try await database.counts().map(\.count) == [1])
    }

    // MARK: Reading

    @Test func `a reader sees what a live writer commits`() async throws {
        let index = try await LiveIndex(scratch)
        let reading = try IndexDatabase.openReadOnly(path: scratch.index)
        for number in 1...3 {
            index.writer.record(.rejected(summary(number)))
            try await index.writer.flush()
            #expect(try await reading.counts().map(\.count) == [number])
        }
        await #expect(throws: IndexError.self) { try await reading.remove(jobs: ["x"]) }
    }

    @Test func `an index can be read after its writer ended`() async throws {
        try await makeIndex()
        #expect(scratch.names == ["index.sqlite"])
        let reading = try IndexDatabase.openReadOnly(path: scratch.index)
        #expect(reading.wasClosedCleanly)
        #expect(try await reading.counts().map(\.count) == [1])
    }

    @Test func `a place whose name needs escaping can be read as immutable`() async throws {
        let path = scratch.path + "/a#b?c%41.sqlite"
        try IndexDatabase.open(path: path, clock: time.wallClock, logger: silent).database.close()
        let queue = try DatabaseQueue(path: IndexFiles(path: path).immutableLocation)
        #expect(try await queue.read { try $0.tableExists("jobs") })
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a user without write access to the directory can read an index at rest`() async throws {
        try await makeIndex()
        chmod(scratch.path, 0o500)
        defer { chmod(scratch.path, 0o700) }
        let reading = try IndexDatabase.openReadOnly(path: scratch.index)
        #expect(try await reading.counts().map(\.count) == [1])
    }

    @Test func `a missing index is an error that says what to do`() {
        let error = #expect(throws: IndexError.self) { try IndexDatabase.openReadOnly(path: scratch.index) }
        #expect(error == .missing(path: scratch.index))
        #expect(error?.description.contains("agentspool reindex") == true)
    }
}
