import Documents
import Foundation
import Jobs
import TestKit
import Testing

@testable import Spool

@Suite("A request to read the configuration again")
struct ReloadRequestTests {
    private let spool: TestSpool
    private let root: SpoolRoot

    init() throws {
        spool = try TestSpool()
        root = try spool.root()
    }

    @Test("A reload request reaches the daemon of the node that it names")
    func roundTrip() throws {
        let request = ReloadRequest(node: "east")
        let id = spool.identifiers.next()
        let name = try request.submit(to: root, id: id)
        #expect(name == "\(id)-reload.json")
        #expect(try ControlRequest.read(name, in: root, now: spool.clock.now) == .reload(request))
    }

    @Test(
        "A malformed reload request is refused with the reason",
        arguments: [
            (#"{"action":"reload"}"#, "node: is missing"), (#"{"action":"reload","node":7}"#, "node"),
            (#"{"action":"reload","node":"a","jobs":[]}"#, "jobs"),
        ]
    )
    func refused(text: String, reason: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: spool.absolute("control/x.json")))
        let rejection = #expect(throws: Rejection.self) {
            try ControlRequest.read("x.json", in: root, now: spool.clock.now)
        }
        #expect(try #require(rejection).reason.contains(reason))
    }

    @Test("A reload request keeps its answer while others are answered, and has none after the next start")
    func answers() throws {
        var answers = ReloadAnswers(of: "east", in: root)
        #expect(try ReloadAnswers.last(of: "east", in: root) == nil)
        try answers.add(["n": 1], to: ["a", "b"])
        try answers.add(["n": 2], to: [])
        try answers.add(["n": 3], to: ["c"])
        #expect(try ReloadAnswers.answer(to: "a", of: "east", in: root) == ["n": 1])
        #expect(try ReloadAnswers.answer(to: "b", of: "east", in: root) == ["n": 1])
        #expect(try ReloadAnswers.answer(to: "d", of: "east", in: root) == nil)
        #expect(try ReloadAnswers.answer(to: "a", of: "west", in: root) == nil)
        #expect(try ReloadAnswers.last(of: "east", in: root) == ["n": 3])
        #expect(answers.contains("c") && !answers.contains("d"))
        for number in 0..<100 { try answers.add(["n": 4], to: ["more \(number)"]) }
        #expect(try ReloadAnswers.answer(to: "a", of: "east", in: root) == nil)
        // The file of answers is no node.
        #expect(try NodeLock.nodes(of: root).isEmpty)
        try answers.clear()
        #expect(spool.tree("nodes") == [])
        try answers.clear()
    }
}
