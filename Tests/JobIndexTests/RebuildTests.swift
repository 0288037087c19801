import Documents
import JobIndex
import Jobs
import Testing

@Suite struct RebuildTests {
    @Test(arguments: 1...12)
    func `a history written record by record leaves the same rows as the whole at once`(seed: UInt64) async throws {
        let live = try await LiveIndex()
        let rebuilt = try await LiveIndex()
        var histories = Histories(seed: seed)
        for number in 0..<12 {
            let records = histories.history(length: 1 + number * 5)
            var replay = JobReplay(name: Histories.name(number))
            for record in records {
                replay.apply(record)
                live.writer.record(try #require(IndexUpdate.update(for: replay, records: [record])))
                if record.seq % 7 == 0 { try await live.writer.flush() }
            }
            try await rebuilt.writer.write([try #require(IndexUpdate.update(for: replay, records: records))])
        }
        try await live.writer.flush()
        let rows = try await live.database.dump()
        #expect(try await rebuilt.database.dump() == rows)
        #expect(rows["jobs"]?.count == 12)
        #expect(!"\(rows)".contains("secret"))
    }

    @Test(arguments: 1...6)
    func `updates written twice and out of order change nothing`(seed: UInt64) async throws {
        let once = try await LiveIndex()
        let again = try await LiveIndex()
        var histories = Histories(seed: seed)
        var random = Xorshift(seed: seed)
        for number in 0..<8 {
            var updates: [IndexUpdate] = []
            var replay = JobReplay(name: Histories.name(number))
            for record in histories.history(length: 40) {
                replay.apply(record)
                updates.append(try #require(IndexUpdate.update(for: replay, records: [record])))
            }
            try await once.writer.write(updates)
            for update in updates.shuffled(using: &random) + updates.shuffled(using: &random) {
                try await again.writer.write([update])
            }
            try await again.writer.write(updates)
        }
        #expect(try await once.database.dump() == again.database.dump())
    }

    @Test func `deleting the index and writing all histories again gives the same rows`() async throws {
        let scratch = try Scratch()
        var histories = Histories(seed: 99)
        let all = (0..<20).map { ($0, histories.history(length: 30)) }
        func fill() async throws -> [String: [[String]]] {
            let index = try await LiveIndex(scratch)
            for (number, records) in all {
                let replay = JobReplay(name: Histories.name(number), records: records)
                try await index.writer.write([try #require(IndexUpdate.update(for: replay, records: records))])
            }
            let rows = try await index.database.dump()
            await index.writer.close()
            return rows
        }
        let before = try await fill()
        try scratch.remove(scratch.index)
        #expect(try await fill() == before)
    }

    @Test func `before acceptance there is nothing to write`() {
        let replay = JobReplay(name: Histories.name(1))
        if case .some = IndexUpdate.update(for: replay, records: []) { Issue.record("there is an update") }
    }

    @Test func `a removed job leaves no rows and no count`() async throws {
        let index = try await LiveIndex()
        var histories = Histories(seed: 5)
        let records = histories.history(length: 60)
        let replay = JobReplay(name: Histories.name(1), records: records)
        let update = try #require(IndexUpdate.update(for: replay, records: records))
        try await index.writer.write([update])
        try await index.writer.write([.remove(job: replay.name.id.text)])
        #expect(try await index.database.dump().values.allSatisfy(\.isEmpty))
        try await index.writer.write([update])
        try await index.database.remove(jobs: [replay.name.id.text])
        #expect(try await index.database.dump().values.allSatisfy(\.isEmpty))
    }
}
