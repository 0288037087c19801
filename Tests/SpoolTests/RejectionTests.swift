import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A rejected drop")
struct RejectionTests {
    @Test("A rejected drop lies in the day's directory, and people and programs can read its note")
    func note() async throws {
        let spool = try TestSpool()
        let row = try await spool.node().rejected(spool.drop("a.json", "bad"))
        let day = spool.clock.now.day
        #expect(spool.tree("rejected") == [day, "\(day)/\(row.job)-a.json", "\(day)/\(row.job)-a.json.reason.txt"])
        let text = try #require(spool.text("rejected/\(day)/\(row.job)-a.json.reason.txt"))
        #expect(text.hasPrefix("This drop is no job and was not run: it is bad very bad\n"))
        #expect(text.contains("drop it into inbox/default/ again"))
        let notes = try spool.root().rejectionNotes()
        #expect(notes.map(\.summary) == [row])
        #expect(notes.map(\.ownerUID) == [Int(geteuid())])
    }

    @Test("A note without its drop does not count, as after a crash between the two")
    func noteAlone() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let id = spool.identifiers.next()
        let rules = DropRules.lenient(sizeMax: 3)
        let row = try await node.rejected(spool.drop("\(id)-a.txt", "first"), rules)
        let place = spool.absolute("rejected/\(spool.clock.now.day)/\(row.job)-a.txt")
        #expect(rename(place, spool.inbox("\(id)-a.txt")) == 0)
        #expect(try spool.root().rejectionNotes().isEmpty)
        let again = try await node.rejected(Drop(queue: TestSpool.queue, name: Array("\(id)-a.txt".utf8)), rules)
        #expect(again.job == id.text)
        #expect(try spool.root().rejectionNotes().map(\.summary) == [again])
    }

    @Test("A rejected drop keeps its place when one of the same name is rejected later")
    func sameName() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let id = spool.identifiers.next()
        let rules = DropRules.lenient(sizeMax: 3)
        let first = try await node.rejected(spool.drop("\(id)-a.txt", "first"), rules)
        let second = try await node.rejected(spool.drop("\(id)-a.txt", "second"), rules)
        #expect(first.job == id.text)
        #expect(second.job != first.job)
        let day = "rejected/\(spool.clock.now.day)"
        #expect(spool.text("\(day)/\(first.job)-a.txt") == "first")
        #expect(spool.text("\(day)/\(second.job)-a.txt") == "second")
        #expect(try spool.root().rejectionNotes().count == 2)
    }

    @Test("A rejected drop is not overwritten by the note of another")
    func noteName() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let id = spool.identifiers.next()
        let rules = DropRules.lenient(sizeMax: 3)
        _ = try await node.rejected(spool.drop("\(id)-a.reason.txt", "first"), rules)
        _ = try await node.rejected(spool.drop("\(id)-a", "second"), rules)
        #expect(spool.text("rejected/\(spool.clock.now.day)/\(id)-a.reason.txt") == "first")
    }

    @Test("A note that a person has rewritten is no note, and no error")
    func rewritten() throws {
        let job = JobName(id: JobID(time: Timestamp(milliseconds: 1), high: 1, low: 1), dropName: Array("a".utf8))
        let note = RejectionNote(job: job, queue: "q", ownerUID: 7, at: Timestamp(milliseconds: 5), reason: "a\r\nb: c")
        #expect(RejectionNote(fileName: note.fileName, note.bytes) == note)
        #expect(RejectionNote(fileName: note.fileName, Array("mine".utf8)) == nil)
        #expect(RejectionNote(fileName: "other.reason.txt", note.bytes) == nil)
        #expect(RejectionNote(fileName: "\(job)", note.bytes) == nil)
        #expect(RejectionNote(fileName: note.fileName, []) == nil)
    }
}
