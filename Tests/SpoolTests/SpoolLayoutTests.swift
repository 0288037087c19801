import Documents
import Jobs
import Testing

@testable import Spool

@Suite("The layout of the spool")
struct SpoolLayoutTests {
    private let job = JobName(
        id: JobID(time: Timestamp(milliseconds: 0), high: 0, low: 1),
        dropName: Array("a.json".utf8)
    )

    @Test("A job's place follows from its state")
    func location() {
        let until = Timestamp(milliseconds: 1_795_485_600_001)
        func path(_ place: Place) -> String {
            let location = SpoolLayout.location(of: job, in: place, node: "n")
            return "\(location.directory)/\(location.name)"
        }
        #expect(path(.processing) == "processing/n/\(job)")
        #expect(path(.deferred(until: until)) == "deferred/20261124T020001Z.\(job)")
        #expect(path(.held) == "held/\(job)")
        #expect(path(.done(day: "2026-11-24")) == "done/2026-11-24/\(job)")
        #expect(path(.failed(day: "2026-11-24")) == "failed/2026-11-24/\(job)")
    }

    @Test("The due time is read back from a deferred name, and nothing from others")
    func deferredName() {
        let name = SpoolLayout.deferredName("20261124T020000Z.\(job)")
        #expect(name?.due.text == "2026-11-24T02:00:00.000Z")
        #expect(name?.job == job)
        for other in ["\(job)", "20261124T020000Z.x", "20261399T020000Z.\(job)", "", ".", "2026.\(job)"] {
            #expect(SpoolLayout.deferredName(other) == nil, "\(other)")
        }
    }

    @Test("Queues and nodes may have plain names", arguments: ["a", "default", "node-1", "A.b_c", "0", "_"])
    func valid(_ name: String) { #expect(SpoolLayout.isValidName(name)) }

    @Test(
        "A name that leads elsewhere is refused for queues and nodes",
        arguments: ["", ".", "..", ".a", "-a", "a/b", "a b", "ä", "a\n", "a\u{0}", "e\u{301}", "a@b"]
    )
    func invalid(_ name: String) { #expect(!SpoolLayout.isValidName(name)) }

    @Test("A name may have 64 bytes at most")
    func longName() {
        #expect(SpoolLayout.isValidName(String(repeating: "a", count: 64)))
        #expect(!SpoolLayout.isValidName(String(repeating: "a", count: 65)))
    }
}
