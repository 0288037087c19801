import Documents
import GRDB
import Jobs
import OrderedCollections
import Testing

@testable import JobIndex

@Suite("Pages of a list")
struct PageTests {
    private let index: LiveIndex

    init() async throws { index = try await LiveIndex() }

    private static let owners = [Owner(uid: 1, name: "ci"), .token("ci"), Owner(uid: 2, name: "bob")]

    private func job(_ number: Int) -> JobSummary {
        var summary = JobSummary(
            job: Histories.id(number).text,
            name: "\(number).txt",
            queue: "default",
            state: number % 3 == 0 ? .done : .waiting
        )
        // Some jobs share a time, and rejected drops have none.
        summary.acceptedAt = number % 7 == 0 ? nil : Timestamp(milliseconds: Int64(1_000 + number / 2))
        summary.finishedAt = number % 5 == 0 ? nil : Timestamp(milliseconds: Int64(9_000 - number))
        summary.costUSD = Double(number % 4) * 0.1
        summary.tokens = number % 6
        let owner = Self.owners[number % 3]
        (summary.owner, summary.ownerUID) = (owner.name, owner.uid)
        if number == 11 { summary.labels = ["customer": "50%_Acme"] }
        if number == 12 { summary.reason = "temporary: NO answer" }
        return summary
    }

    private func fill(_ numbers: Range<Int> = 0..<60) async throws {
        try await index.writer.write(numbers.map { IndexUpdate.rejected(job($0)) })
    }

    @Test("The pages of every order have each job once, as one list has them", arguments: JobFilter.Sort.allCases)
    func pages(_ sort: JobFilter.Sort) async throws {
        try await fill()
        for owner in [nil, JobFilter.OwnerCondition.exactly(Self.owners[0]), .named("ci")] {
            var filter = JobFilter()
            (filter.sort, filter.owner) = (sort, owner)
            let all = try await index.database.list(filter).map(\.name)
            #expect(all.count == (owner == nil ? 60 : owner == .named("ci") ? 40 : 20))
            var seen: [String] = []
            filter.limit = 7
            while true {
                let page = try await index.database.list(filter)
                guard let last = page.last else { break }
                seen += page.map(\.name)
                filter.after = JobCursor("\(JobCursor(behind: last, sort))")
                #expect(filter.after == JobCursor(behind: last, sort))
            }
            #expect(seen == all)
        }
    }

    @Test("Jobs that are accepted while a list is read do not move its next page")
    func growing() async throws {
        try await fill(0..<40)
        var filter = JobFilter(limit: 10)
        let first = try await index.database.list(filter)
        try await fill(40..<60)
        filter.after = JobCursor(behind: try #require(first.last), .newest)
        let second = try await index.database.list(filter)
        filter.after = nil
        filter.limit = nil
        let all = try await index.database.list(filter).map(\.name).filter { name in
            !(40..<60).contains(Int(name.dropLast(4)) ?? 0)
        }
        #expect(first.map(\.name) + second.map(\.name) == Array(all.prefix(20)))
    }

    @Test("A token and a user of one name are two owners")
    func owners() async throws {
        try await fill()
        var filter = JobFilter()
        filter.owner = .exactly(.token("ci"))
        let rows = try await index.database.list(filter)
        #expect(rows.count == 20 && rows.allSatisfy { $0.ownerUID == Owner.tokenUID })
    }

    @Test("A text is found in its signs and in any case")
    func text() async throws {
        try await fill()
        func names(_ text: String) async throws -> [String] {
            var filter = JobFilter()
            filter.text = text
            return try await index.database.list(filter).map(\.name)
        }
        #expect(try await names("50%_acme") == ["11.txt"])
        #expect(try await names("no ANSWER") == ["12.txt"])
        #expect(try await names("50%xacme").isEmpty)
        #expect(try await names("59.T") == ["59.txt"])
    }

    @Test("A count stops at its limit, and time conditions hold the beginning and not the end")
    func counts() async throws {
        try await fill()
        #expect(try await index.database.count(JobFilter(limit: 1), upTo: 100) == 60)
        #expect(try await index.database.count(JobFilter(), upTo: 10) == 10)
        var filter = JobFilter(since: Timestamp(milliseconds: 1_004))
        filter.until = Timestamp(milliseconds: 1_006)
        #expect(Set(try await index.database.list(filter).map(\.name)) == ["8.txt", "9.txt", "10.txt", "11.txt"])
    }

    @Test(
        "A place that is none is refused",
        arguments: ["", "newest", "newest~x~J", "best~-~J", "cost~7ff0000000000000~J"]
    )
    func badPlaces(_ text: String) { #expect(JobCursor(text) == nil) }

    @Test("An index gives the order of an owner's list and of a later page")
    func plans() async throws {
        var owner = JobFilter(states: [.done], limit: 50)
        owner.owner = .exactly(Self.owners[0])
        var later = JobFilter(limit: 50)
        later.after = JobCursor(behind: job(8), .newest)
        var ownersLater = owner
        ownersLater.after = later.after
        for filter in [owner, later, ownersLater] {
            let query = ListQuery(filter, jobsInStates: 0)
            let plan = try await index.database.read { database in
                try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + query.sql, arguments: query.arguments)
                    .map { $0["detail"] as String }
            }
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
        }
    }
}
