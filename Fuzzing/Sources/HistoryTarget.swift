import Documents
import Jobs

/// Histories: the file as it is, and its lines as records with a valid chain.
enum HistoryTarget: FuzzTarget {
    static let name = "history"

    private static let job = JobName(
        id: JobID(time: Timestamp(milliseconds: 1_795_485_600_000), high: 0, low: 1),
        dropName: Array("ticket.json".utf8)
    )

    static func run(_ input: [UInt8]) {
        let contents = HistoryContents(input)
        checkPieces(input, contents)
        replay(contents.records)

        // No fuzzer finds a SHA-256 digest by chance, so the chain is computed.
        var records: [HistoryRecord] = []
        for line in input.split(separator: UInt8(ascii: "\n")) {
            guard var record = HistoryRecord(line: line) else { continue }
            record.seq = records.count + 1
            records.append(record)
        }
        let sealed = seal(records)
        let read = HistoryContents(sealed)
        claim(read.defect == nil, "a sealed history is whole, and not \(String(describing: read.defect))")
        claimEqual(read.validLength, sealed.count, "a sealed history is whole to its end")
        claimEqual(seal(read.records), sealed, "records that are read are sealed to the same bytes")
        replay(read.records)
        checkTear(sealed, read)
    }

    private static func seal(_ records: [HistoryRecord]) -> [UInt8] {
        var chain = HistoryChain()
        return records.flatMap { chain.seal($0) }
    }

    private static func checkPieces(_ input: [UInt8], _ contents: HistoryContents) {
        for pieces in Pieces.cuts(of: input) {
            var reader = HistoryReader()
            var records: [HistoryRecord] = []
            for piece in pieces { reader.read(piece) { record, _ in records.append(record) } }
            reader.end()
            claimEqual(records, contents.records, "a history in pieces has the same records")
            claimEqual(reader.defect, contents.defect, "a history in pieces has the same defect")
            claimEqual(reader.validLength, contents.validLength, "a history in pieces is valid to the same place")
        }
    }

    /// A history that is cut anywhere keeps the whole lines before the cut, and is never taken for tampered with.
    private static func checkTear(_ sealed: [UInt8], _ read: HistoryContents) {
        guard let last = sealed.last else { return }
        let length = sealed.count * Int(last ^ sealed[sealed.count / 2]) / 256
        let torn = HistoryContents(Array(sealed[..<length]))
        claim(read.records.starts(with: torn.records), "a torn history keeps its beginning")
        if case .brokenLine(let line) = torn.defect {
            fatalError("not so: a torn history is no more than torn: \(line)")
        }
        let whole = sealed[..<length].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        claimEqual(torn.validLength, whole, "a torn history keeps every whole line")
    }

    private static func replay(_ records: [HistoryRecord]) {
        var replay = JobReplay(name: job)
        for record in records {
            replay.apply(record)
            _ = JobSummary(replay)
            _ = replay.excerpt(for: record)
        }
        claimEqual(JobReplay(name: job, records: records), replay, "a replay is the same each time")
        _ = (replay.limits.json, replay.life.place, replay.usage.tokens, replay.steps.usage.tokens)
        let result = ResultDocument(replay)
        var written: [UInt8] = []
        result.write { written += $0 }
        claimEqual(try? JSONParser.parse(written), result.json, "a result that is written reads as itself")
        _ = result.errorText
    }
}
