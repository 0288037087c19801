import Documents
import GRDB
import Glibc
import Jobs
import Testing

@testable import JobIndex

@Suite struct WriterTests {
    private func summary(_ number: Int) -> JobSummary {
        JobSummary(job: Histories.id(number).text, name: "n", queue: "default", state: .waiting)
    }

    private func count(_ index: LiveIndex) async throws -> Int {
        try await index.database.counts().reduce(0) { $0 + $1.count }
    }

    @Test func `what was recorded is there after a flush`() async throws {
        let index = try await LiveIndex()
        for number in 0..<5_000 { index.writer.record(.rejected(summary(number))) }
        try await index.writer.flush()
        #expect(try await count(index) == 5_000)
    }

    @Test func `what was recorded is written without a flush`() async throws {
        let index = try await LiveIndex()
        index.writer.record(.rejected(summary(1)))
        let database = try index.database
        while try await database.counts().isEmpty { await Task.yield() }
    }

    @Test func `many tasks may record at once`() async throws {
        let index = try await LiveIndex()
        await withTaskGroup { group in
            for part in 0..<8 {
                group.addTask { for number in 0..<500 { index.writer.record(.rejected(summary(part * 500 + number))) } }
            }
        }
        try await index.writer.flush()
        #expect(try await count(index) == 4_000)
    }

    @Test func `a row never replaces a newer one`() async throws {
        let index = try await LiveIndex()
        var (old, new) = (summary(1), summary(1))
        (old.seq, new.seq, new.state) = (3, 4, .running)
        try await index.writer.write([.job(new, steps: [], records: [])])
        try await index.writer.write([.job(old, steps: [], records: [])])
        #expect(try await index.database.list(JobFilter()) == [new])
    }

    @Test func `a full buffer loses updates, blocks no caller, and the loss is noted`() async throws {
        let index = try await LiveIndex()
        await index.reconcile()
        #expect(!index.writer.needsReconcile)
        let blocker = try DatabaseQueue(path: index.scratch.index)
        try await blocker.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            for number in 0..<UpdateBuffer.rowsMax + 10 { index.writer.record(.rejected(summary(number))) }
            try database.execute(sql: "COMMIT")
        }
        try await index.writer.flush()
        #expect(index.writer.needsReconcile)
        #expect(try await count(index) == UpdateBuffer.rowsMax)
        await index.writer.close()
        let path = index.scratch.index
        #expect(try !IndexDatabase.openReadOnly(path: path).wasClosedCleanly)
    }

    @Test func `a comparison that began before a loss does not hide it`() async throws {
        let index = try await LiveIndex()
        let losses = index.writer.losses
        try index.scratch.remove(index.scratch.index)
        try await index.writer.flush()
        await index.writer.reconciled(losses: losses)
        #expect(index.writer.needsReconcile)
        await index.reconcile()
        #expect(!index.writer.needsReconcile)
    }

    @Test func `a deleted index is made anew, and the daemon is asked to fill it`() async throws {
        let index = try await LiveIndex()
        try await index.writer.write([.rejected(summary(1))])
        try index.scratch.remove(index.scratch.index)
        index.writer.record(.rejected(summary(2)))
        try await index.writer.flush()
        #expect(index.fresh.value == 1)
        #expect(try await count(index) == 1)
        #expect(try await IndexDatabase.openReadOnly(path: index.scratch.index).counts().map(\.count) == [1])
        try index.scratch.remove(index.scratch.index)
        try await index.writer.flush()
        #expect(index.fresh.value == 2)
    }

    @Test func `a connection that only reads is exchanged for one that writes`() async throws {
        let index = try await LiveIndex()
        // SQLite does this by itself when the disk gives an error while it opens its log.
        try await index.database.pool?.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
        index.writer.record(.rejected(summary(1)))
        await #expect(throws: IndexError.readOnly(path: index.scratch.index)) { try await index.writer.flush() }
        try await index.writer.flush()
        #expect(try await count(index) == 1)
        #expect(index.fresh.value == 1 && index.writer.needsReconcile)
    }

    @Test func `a replaced index is written to, and the daemon is asked to fill it`() async throws {
        let index = try await LiveIndex()
        let other = try await LiveIndex()
        try await other.writer.write([.rejected(summary(1)), .rejected(summary(2))])
        await other.writer.close()
        #expect(rename(other.scratch.index, index.scratch.index) == 0)
        try await index.writer.write([.rejected(summary(3))])
        #expect(index.fresh.value == 1)
        #expect(index.writer.needsReconcile)
        #expect(try await count(index) == 3)
    }

    @Test func `damage found while writing sets the index aside and goes on with a new one`() async throws {
        let index = try await LiveIndex()
        try await index.writer.write((0..<2_000).map { .rejected(summary($0)) })
        try await index.database.pool?.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            // Closes nothing, but makes the connection read its pages again.
            try database.execute(sql: "PRAGMA shrink_memory")
        }
        let descriptor = open(index.scratch.index, O_WRONLY)
        let noise = [UInt8](repeating: 0xA5, count: 4_096)
        var offset = 4_096
        while offset < 200 * 4_096 {
            _ = noise.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            offset += 4_096
        }
        close(descriptor)
        try await index.writer.write([.rejected(summary(9_999))])
        #expect(index.fresh.value == 1)
        #expect(index.writer.needsReconcile)
        #expect(try await count(index) == 1)
        #expect(index.scratch.names.contains { $0.contains(".unusable-") })
    }

    @Test func `with no room on the disk updates wait, and are written when there is room`() async throws {
        let index = try await LiveIndex()
        let pool = try #require(try index.database.pool)
        try await pool.writeWithoutTransaction { database in
            let pages = try #require(try Int.fetchOne(database, sql: "PRAGMA page_count"))
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 4)")
        }
        for number in 0..<3_000 { index.writer.record(.rejected(summary(number))) }
        await #expect(throws: IndexError.self) { try await index.writer.flush() }
        try await pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        try await index.writer.flush()
        #expect(try await count(index) == 3_000)
        #expect(index.fresh.value == 0)
    }

    @Test func `a closed writer takes no more updates, and a waiting caller gets an error`() async throws {
        let index = try await LiveIndex()
        await index.writer.close()
        index.writer.record(.rejected(summary(1)))
        await #expect(throws: IndexError.self) { try await index.writer.flush() }
        await index.writer.close()
    }

    @Test func `queries go on while the writer writes`() async throws {
        let index = try await LiveIndex()
        let database = try index.database
        async let writing: Void = {
            for batch in 0..<20 {
                try await index.writer.write((0..<500).map { .rejected(summary(batch * 500 + $0)) })
            }
        }()
        var last = 0
        while last < 10_000 {
            let now = try await database.counts().reduce(0) { $0 + $1.count }
            #expect(now >= last)
            last = now
        }
        try await writing
    }
}
