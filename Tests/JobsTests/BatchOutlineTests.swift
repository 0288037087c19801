import Documents
import Jobs
import Testing

@Suite struct BatchOutlineTests {
    private func outline(_ bytes: some Sequence<UInt8>, name: String = "a.jsonl", piece: Int = .max) -> BatchOutline {
        var outline = BatchOutline(fileName: name)
        let bytes = Array(bytes)
        for start in stride(from: 0, to: bytes.count, by: min(piece, max(bytes.count, 1))) {
            outline.add(Array(bytes[start..<min(bytes.count, start + min(piece, bytes.count))]))
        }
        outline.end()
        return outline
    }

    @Test(arguments: [
        ("lines", "{\"a\":1}\n\n{\"a\":2}\n", BatchFormat.lines, 2),
        ("lines that end as on Windows", "{\"a\":1}\r\n{\"a\":2}\r\n", .lines, 2),
        ("a mark at the beginning", "\u{FEFF}{\"a\":1}\n{\"a\":2}", .lines, 2),
        ("lines of which one is broken", "{\"a\":\n{\"a\":2}\n", .lines, 2),
        ("lines that are arrays", "[1]\n[2]\n", .lines, 2),
        ("one line with an array of texts", "[\"a\",\"b\"]\n", .lines, 1),
        ("an array in one line", "[{\"a\":1},{\"a\":2},{\"a\":3}]\n", .values, 3),
        ("an array over many lines", "[\n  {\n \"a\": [1, \"]}\"]\n  },\n  {\"a\": 2}\n]\n", .values, 2),
        ("an array of texts over many lines", "[\n\"a, b\",\n\"c\"\n]\n", .values, 2),
        ("a document a line, which are inputs", "{\"input\":{\"a\":1}}\n{\"input\":{\"a\":2}}\n", .lines, 2),
    ]) func `the first line decides the form of a batch`(name: String, text: String, form: BatchFormat, count: Int) {
        for piece in [Int.max, 1, 5] {
            let outline = outline(text.utf8, piece: piece)
            #expect(outline.form == form && outline.count == count && outline.rejection == nil)
        }
    }

    @Test(arguments: [
        ("nothing", "", "the batch is empty: it has no line with anything in it"),
        ("blank lines", "\n  \n", "the batch is empty: it has no line with anything in it"),
        (
            "prose", "Dear model,\nhow are you?\n",
            "none of its 2 lines is JSON: line 1 is not valid JSON at column 1: 'D' where a value should be"
        ),
        (
            "requests over many lines",
            "{\n  \"custom_id\": \"a\",\n  \"body\": {\"messages\": []}\n}\n{\n \"custom_id\": \"b\"\n}\n",
            "its 2 JSON values go over many lines, and a batch has one a line: jq -c . FILE makes it so"
        ),
        (
            "a job document", "{\"input\":{\"a\":1},\"priority\":7}\n",
            "it is one job document, not a batch of requests: name it .json"
        ),
        (
            "a job document over many lines", "{\n\"input\": {\"a\": 1}\n}\n",
            "it is one job document, not a batch of requests: name it .json"
        ),
        (
            "the answer of a server", "{\"id\":\"x\",\"object\":\"chat.completion\",\"choices\":[]}",
            "it is an answer of a model's server (\"object\": \"chat.completion\"), not a batch of requests"
        ),
        (
            "a list of a server over many lines", "{\n\"object\": \"list\",\n\"data\": []\n}",
            "it is an answer of a model's server (\"object\": \"list\"), not a batch of requests"
        ),
        (
            "an error of a server", "{\"error\":{\"message\":\"no\"}}",
            "it is an error of a model's server, not a batch of requests"
        ),
        (
            "results of OpenAI's", "{\"id\":\"1\",\"custom_id\":\"a\",\"response\":{},\"error\":null}\n{}\n",
            "it holds the results of a batch, not its requests"
        ),
        (
            "results of Anthropic's", "{\"custom_id\":\"a\",\"result\":{\"type\":\"succeeded\"}}\n",
            "it holds the results of a batch, not its requests"
        ),
        (
            "the body of a call to Anthropic", "{\"requests\":[{\"custom_id\":\"a\",\"params\":{}}]}",
            "its requests lie in one object: write each element of \"requests\" on a line of its own"
        ),
    ]) func `a file that is no batch is refused with one sentence`(name: String, text: String, reason: String) {
        #expect(outline(text.utf8).rejection == reason)
    }

    @Test func `a batch in UTF-16 with a byte order mark is read`() {
        let units = "\u{FEFF}{\"a\":\"ü\"}\r\n{\"a\":2}\r\n".utf16
        let bytes: [UInt8] = units.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        for piece in [Int.max, 1, 3] {
            let outline = outline(bytes, piece: piece)
            #expect(outline.count == 2 && outline.rejection == nil)
        }
    }

    @Test(
        arguments: [
            (
                "Windows-1252", Array("{\"a\":1}\n{\"a\":\"caf".utf8) + [0xE9] + Array("\"}\n".utf8),
                "byte 0xE9 at offset 17 (line 2) is not UTF-8; it looks like Windows-1252"
            ),
            (
                "UTF-16 without a mark", Array("{}\n".utf8).flatMap { [$0, 0] },
                "byte 0x00 at offset 1 (line 1) is no text; it looks like UTF-16 (little-endian) without its mark"
            ),
            ("UTF-16 that was cut", [0xFF, 0xFE, 0x7B], "it is UTF-16 (little-endian) and ends within a character"),
        ] as [(String, [UInt8], String)]
    )
    func `a batch that is not UTF-8 is refused, with the byte named`(name: String, bytes: [UInt8], reason: String) {
        for piece in [Int.max, 1] {
            #expect(outline(bytes, piece: piece).rejection?.hasPrefix(reason) == true)
        }
    }

    @Test(arguments: [
        ("commas", "a.csv", "a,b\n1,2\n3,4\n", UInt8(ascii: ","), 2),
        ("semicolons, as Excel in Europe writes", "a.csv", "a;b\r\n1,5;2\r\n", UInt8(ascii: ";"), 1),
        ("a line that names the delimiter", "a.csv", "sep=|\r\na|b\r\n1|2\r\n", UInt8(ascii: "|"), 1),
        ("tabs in a .csv", "a.csv", "a\tb\n1\t2\n", UInt8(ascii: "\t"), 1),
        ("a .tsv", "A.TSV", "a\tb, c; d, e; f\n1\t2\n", UInt8(ascii: "\t"), 1),
        ("a quoted heading with the other delimiter", "a.csv", "\"a;b;c\",d\n1,2\n", UInt8(ascii: ","), 1),
        ("one column", "a.csv", "a\r1\r2\r", UInt8(ascii: ","), 2),
        ("a line end in a cell", "a.csv", "a,b\n\"1\r\n\r\nx\",2\n", UInt8(ascii: ","), 1),
        ("empty rows", "a.csv", "a,b\n\n,\n\" \",\n1,2\n,,\n", UInt8(ascii: ","), 1),
        ("a mark", "a.csv", "\u{FEFF}a;b\n1;2\n", UInt8(ascii: ";"), 1),
        ("no line end at the end", "a.csv", "a,b\n1,2", UInt8(ascii: ","), 1),
    ]) func `a table's rows are counted`(name: String, file: String, text: String, delimiter: UInt8, count: Int) {
        for piece in [Int.max, 1, 3] {
            let outline = outline(text.utf8, name: file, piece: piece)
            #expect(outline.form == .table(delimiter: delimiter) && outline.rejection == nil)
            #expect(outline.count == count)
        }
    }

    @Test(arguments: [
        ("nothing", "\n\n", "the table is empty: its first row should name the columns"),
        ("a heading alone", "a,b\n", "the table has no rows under its heading"),
        (
            "a quote without end", "a,b\n1,2\n3,\"4\n5,6\n",
            "it is no table: the quote that begins in line 3 is never closed"
        ),
    ]) func `a file that is no table is refused with one sentence`(name: String, text: String, reason: String) {
        #expect(outline(text.utf8, name: "a.csv").rejection == reason)
    }
}
