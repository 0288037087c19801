import Documents
import Jobs

/// Claims about every value that the product accepts: it can be written and read again, alone and in a history.
enum Kept {
    static func check(_ value: JSON) {
        claimEqual(try? JSONParser.parse(value.bytes), value, "a value that is written reads as itself")
        claimEqual(
            try? JSONParser.parse(value.indentedText),
            value,
            "a value that is written for people reads as itself"
        )
        let record = HistoryRecord(
            seq: 1,
            epoch: 1,
            at: Timestamp(milliseconds: 1_795_485_600_000),
            event: .completed(output: value)
        )
        var chain = HistoryChain()
        let contents = HistoryContents(chain.seal(record))
        claimEqual(contents.records, [record], "a value that is recorded can be read back")
    }
}
