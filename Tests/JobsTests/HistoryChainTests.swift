import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct HistoryChainTests {
    private func records(_ count: Int, seed: UInt64 = 12) -> [HistoryRecord] {
        var random = SeededRandom(seed: seed)
        return (1...count).map { HistoryRecord(seq: $0, epoch: 1, at: random.timestamp(), event: random.event()) }
    }

    private func lines(_ records: [HistoryRecord]) -> [[UInt8]] {
        var chain = HistoryChain()
        return records.map { chain.seal($0) }
    }

    @Test func `a line's digest is SHA-256 over the previous line's 16 digits and its own bytes up to the chain`() {
        var previous = ""
        for (record, line) in zip(records(20), lines(records(20))) {
            let body = String(decoding: record.openBytes, as: UTF8.self)
            previous = String(SHA256.hash(Array((previous + body).utf8)).hexadecimal.prefix(16))
            #expect(String(decoding: line, as: UTF8.self) == body + ",\"chain\":\"\(previous)\"}\n")
        }
    }

    @Test func `a whole history is read as it was written`() {
        let records = records(50)
        let bytes = Array(lines(records).joined())
        let contents = HistoryContents(bytes)
        #expect(contents.records == records)
        #expect(contents.validLength == bytes.count)
        #expect(contents.defect == nil)
    }

    @Test func `a history read in pieces gives the same as one read whole, also when it is torn or changed`() {
        let records = records(4)
        let whole = Array(lines(records).joined())
        var changed = whole
        changed[whole.count / 2] ^= 1
        for bytes in [whole, Array(whole.dropLast(5)), Array(whole.prefix(whole.count / 2)), changed] {
            let contents = HistoryContents(bytes)
            for size in [1, 2, 7, 100, 1_000] {
                var reader = HistoryReader()
                var read: [HistoryRecord] = []
                for start in stride(from: 0, to: bytes.count, by: size) {
                    reader.read(Array(bytes[start..<min(start + size, bytes.count)])) { record, place in
                        #expect(HistoryRecord(line: bytes[place]) == record)
                        read.append(record)
                    }
                }
                reader.end()
                #expect(read == contents.records && reader.defect == contents.defect)
                #expect(reader.validLength == contents.validLength && reader.chain == contents.chain)
            }
        }
    }

    @Test func `a history can be continued where reading it ended`() {
        let records = records(6)
        let lines = lines(records)
        var chain = HistoryContents(Array(lines.prefix(4).joined())).chain
        #expect(records.suffix(2).map { chain.seal($0) } == Array(lines.suffix(2)))
    }

    @Test func `a history torn at any byte gives the whole records before the tear`() {
        let records = records(3)
        let lines = lines(records)
        let bytes = Array(lines.joined())
        let ends = [0, lines[0].count, lines[0].count + lines[1].count, bytes.count]
        for length in 0...bytes.count {
            let contents = HistoryContents(Array(bytes.prefix(length)))
            let whole = ends.lastIndex { $0 <= length } ?? 0
            #expect(contents.records == Array(records.prefix(whole)), "cut to \(length)")
            #expect(contents.validLength == ends[whole], "cut to \(length)")
            #expect(contents.defect == (length == ends[whole] ? nil : .tornTail(line: whole + 1)), "cut to \(length)")
        }
    }

    @Test func `a change of any byte is found, and the records before its line stay valid`() {
        let records = records(3)
        let lines = lines(records)
        let bytes = Array(lines.joined())
        var random = SeededRandom(seed: 13)
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= UInt8.random(in: 1...255, using: &random)
            let contents = HistoryContents(changed)
            let line = position < lines[0].count ? 0 : position < lines[0].count + lines[1].count ? 1 : 2
            #expect(contents.defect != nil, "byte \(position)")
            #expect(contents.records == Array(records.prefix(line)), "byte \(position)")
        }
    }

    @Test func `a removed, doubled or moved line is found`() {
        let lines = lines(records(4))
        #expect(HistoryContents(lines[0] + lines[2] + lines[3]).defect == .brokenLine(line: 2))
        #expect(HistoryContents(lines[0] + lines[0]).defect == .brokenLine(line: 2))
        #expect(HistoryContents(lines[0] + lines[2] + lines[1]).defect == .brokenLine(line: 2))
        #expect(HistoryContents(lines[1]).defect == .brokenLine(line: 1))
    }

    @Test func `a changed line with records after it is no torn tail, which recovery would cut off`() {
        var lines = lines(records(3))
        lines[1][10] ^= 1
        #expect(HistoryContents(Array(lines.joined())).defect == .brokenLine(line: 2))
    }

    @Test func `what a crash leaves after the last record is a torn tail`() {
        let lines = lines(records(2))
        for tail in [[0, 0, 0], Array("{\"seq\":3".utf8), Array("garbage\n".utf8)] as [[UInt8]] {
            #expect(HistoryContents(Array(lines.joined()) + tail).defect == .tornTail(line: 3))
        }
    }

    @Test func `a hole from a power cut and all after it are a torn tail, because they were never synced`() {
        let lines = lines(records(6))
        let bytes = Array(lines.joined())
        let whole = lines[0].count + lines[1].count
        for hole in [whole..<(whole + 1), (whole + 3)..<(whole + lines[2].count + 3), whole..<(bytes.count - 1)] {
            var torn = bytes
            torn.replaceSubrange(hole, with: repeatElement(0, count: hole.count))
            let contents = HistoryContents(torn)
            #expect(contents.defect == .tornTail(line: 3))
            #expect(contents.validLength == whole)
        }
    }

    @Test func `a linked line that this version cannot read is never taken for a torn tail`() {
        var chain = HistoryChain()
        let first = chain.seal(records(1)[0])
        // A newer version's reason for a hold.
        let members: JSON = ["reason": "eclipse", "message": "the tokens are used up"]
        let event = JobEvent.unknown(type: "held", members: members)
        let second = chain.seal(HistoryRecord(seq: 2, epoch: 1, at: Timestamp(milliseconds: 0), event: event))
        let contents = HistoryContents(first + second)
        #expect(contents.defect == .brokenLine(line: 2))
        #expect(contents.validLength == first.count)
    }

    @Test func `a gap in the record numbers is found although the chain fits`() {
        var chain = HistoryChain()
        let records = records(3)
        let bytes = chain.seal(records[0]) + chain.seal(records[2])
        #expect(HistoryContents(bytes).defect == .brokenLine(line: 2))
    }
}
