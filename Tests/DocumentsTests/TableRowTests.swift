import Testing

@testable import Documents

@Suite struct TableRowTests {
    private let comma = UInt8(ascii: ",")

    @Test(arguments: [
        ("plain", "a,b,c\r\n", ["a", "b", "c"]),
        ("text that looks like numbers", "007,3.10,1e3", ["007", "3.10", "1e3"]),
        ("quotes", "\"a,b\",\"c\"\n", ["a,b", "c"]), ("doubled quotes", "\"say \"\"hi\"\"\",x", ["say \"hi\"", "x"]),
        ("a line end inside", "\"a\r\nb\",c\n", ["a\r\nb", "c"]), ("empty cells", ",,\n", ["", "", ""]),
        ("empty in quotes", "\"\",x", ["", "x"]), ("a quote inside a word", "5\" nail,x", ["5\" nail", "x"]),
        ("white space before a quote", "a, \"b, c\"", ["a", "b, c"]), ("white space kept", " a , b ", [" a ", " b "]),
        ("text behind a quote", "\"a\"b,c", ["ab", "c"]), ("only a carriage return", "a,b\r", ["a", "b"]),
        ("a formula stays what it is", "=1+1,@x", ["=1+1", "@x"]),
    ]) func `a record is read as RFC 4180 says`(name: String, record: String, cells: [String]) {
        #expect(TableRow.cells(Array(record.utf8), delimiter: comma) == cells)
    }

    @Test(arguments: [
        (["a", "b"], "a,b"), (["a,b", "c\"d"], "\"a,b\",\"c\"\"d\""), (["a\nb", ""], "\"a\nb\","),
        ([" a", "b "], "\" a\",\"b \""), (["a;b"], "a;b"),
    ]) func `a row is written with the quotes that it needs, and reads back the same`(cells: [String], text: String) {
        #expect(TableRow.text(cells, delimiter: comma) == text)
        #expect(TableRow.cells(Array(text.utf8), delimiter: comma) == cells)
    }

    @Test(arguments: [
        ("plain", "a,b\n", ["a", "b"]), ("white space around", " a , b \n", ["a", "b"]),
        ("the same twice", "a,a,a\n", ["a", "a_2", "a_3"]),
        ("one that has the number", "a,a_2,a\n", ["a", "a_2", "a_3"]),
        ("none in the middle", "a,,c\n", ["a", "column_2", "c"]), ("none at the end", "a,b,,\n", ["a", "b"]),
    ]) func `each column gets a unique name`(name: String, record: String, columns: [String]) {
        #expect(TableHeading(Array(record.utf8), delimiter: comma).columns == columns)
    }
}
