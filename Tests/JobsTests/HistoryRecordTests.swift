import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct HistoryRecordTests {
    private func line(_ record: HistoryRecord) -> [UInt8] { record.openBytes + [UInt8(ascii: "}")] }

    @Test func `any event is read back as it was written`() throws {
        var random = SeededRandom(seed: 11)
        var types: Set<String> = []
        for round in 0..<3_000 {
            let event = random.event()
            types.insert(event.type)
            let record = HistoryRecord(seq: round + 1, epoch: round % 5, at: random.timestamp(), event: event)
            #expect(HistoryRecord(json: try JSONParser.parse(line(record))) == record, "round \(round)")
        }
        let known: Set = [
            "accepted", "claimed", "step.started", "step.completed", "step.failed", "deferred", "held", "released",
            "retried", "cancelled", "completed", "failed",
        ]
        #expect(types.isSuperset(of: known))
    }

    @Test func `a record is one line whose first members are seq, epoch, at and type`() throws {
        let hold = Hold(reason: .poison, step: "a/1/model", message: "line\nbreak")
        let record = HistoryRecord(seq: 3, epoch: 2, at: Timestamp(milliseconds: 0), event: .held(hold))
        let expected =
            #"{"seq":3,"epoch":2,"at":"1970-01-01T00:00:00.000Z","type":"held","reason":"poison","step":"a/1/model","#
            + #""message":"line\nbreak"}"#
        #expect(String(decoding: line(record), as: UTF8.self) == expected)
    }

    @Test func `a record of an unknown type is kept with all its members`() throws {
        let text = #"{"seq":1,"epoch":1,"at":"2026-11-24T02:00:00.000Z","type":"reviewed","who":{"uid":7}}"#
        let record = try #require(HistoryRecord(json: try JSONParser.parse(text)))
        #expect(record.event == .unknown(type: "reviewed", members: ["who": ["uid": 7]]))
        #expect(String(decoding: line(record), as: UTF8.self) == text)
    }

    @Test func `unknown members are ignored`() throws {
        let text =
            #"{"seq":1,"epoch":1,"at":"2026-11-24T02:00:00.000Z","type":"claimed","node":"n","cause":"due","new":1}"#
        let record = try #require(HistoryRecord(json: try JSONParser.parse(text)))
        #expect(record.event == .claimed(node: "n", cause: .due))
    }

    @Test(arguments: [
        "{}", "[]", #"{"seq":1,"epoch":1,"at":"yesterday","type":"x"}"#,
        #"{"seq":"1","epoch":1,"at":"2026-11-24T02:00:00Z","type":"x"}"#,
        #"{"seq":1,"epoch":1,"at":"2026-11-24T02:00:00Z","type":"claimed"}"#,
        #"{"seq":1,"epoch":1,"at":"2026-11-24T02:00:00Z","type":"step.started","step":"a","kind":"dream","attempt":1}"#,
        #"{"seq":1,"epoch":1,"at":"2026-11-24T02:00:00Z","type":"failed"}"#,
        #"{"seq":1,"epoch":1,"at":"2026-11-24T02:00:00Z","type":"accepted","name":"a"}"#,
    ])
    func `a record with a missing or wrong member is refused`(text: String) throws {
        #expect(HistoryRecord(json: try JSONParser.parse(text)) == nil)
    }

    @Test func `values as deep as documents and templates make them are read back`() throws {
        for depth in [JSONParser.depthMax, 512] {
            let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let value = try JSONParser.parse(text.utf8, depthMax: depth)
            let record = HistoryRecord(
                seq: 1,
                epoch: 1,
                at: Timestamp(milliseconds: 0),
                event: .stepCompleted(StepCompletion(step: "a", kind: .tool, output: value))
            )
            #expect(HistoryRecord(line: line(record)) == record, "\(depth) levels")
        }
    }

    @Test(arguments: ["seq", "epoch", "attempt"])
    func `a record whose number leaves no room for the next one is refused`(member: String) throws {
        let members = ["seq", "epoch", "attempt"].map { "\"\($0)\":\($0 == member ? Int.max : 1)" }
        let text =
            #"{"at":"2026-11-24T02:00:00Z","type":"step.started","step":"a","kind":"tool",\#(members.joined(separator: ","))}"#
        #expect(HistoryRecord(json: try JSONParser.parse(text)) == nil)
    }

    @Test func `impossible usage in a history does not make sums overflow`() throws {
        let text =
            #"{"seq":1,"epoch":1,"at":"2026-11-24T02:00:00Z","type":"step.completed","step":"a","kind":"model","#
            + #""attempt":1,"usage":{"input_tokens":9223372036854775807,"output_tokens":-9,"cost_usd":1e308}}"#
        let record = try #require(HistoryRecord(json: try JSONParser.parse(text)))
        let replay = JobReplay(name: Story.name, records: Array(repeating: record, count: 20))
        #expect(replay.usage.tokens == 20_000_000_000_000)
        #expect(replay.usage.costUSD == 2e13)
    }
}
