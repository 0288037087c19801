import Documents
import Jobs
import TestKit
import Testing

@Suite struct JobNameTests {
    private let id = JobID(time: Timestamp(milliseconds: 1_795_485_600_000), high: 1, low: 2)

    private func drop(_ name: String) -> String { JobName(id: id, dropName: Array(name.utf8)).drop }

    @Test(arguments: [
        ("report.json", "report.json"), ("a b.txt", "a b.txt"), ("a\nb\u{1B}[31m.txt", "a_b_[31m.txt"), ("a/b", "a_b"),
        ("\u{85}x\u{7F}", "_x_"), ("..", ".."), ("-rf", "-rf"), ("r\r\nn", "r__n"), ("naïve 😀.md", "naïve 😀.md"),
    ])
    func `a drop's name becomes fit for a directory's name`(name: String, expected: String) {
        #expect(drop(name) == expected)
    }

    @Test func `bytes that are no UTF-8 become underscores`() {
        #expect(JobName(id: id, dropName: [0x61, 0xFF, 0x00, 0x2E, 0x62]).drop == "a__.b")
    }

    @Test func `any bytes make a name that a directory can have, and that is read back`() throws {
        var random = SeededRandom(seed: 9)
        for _ in 0..<2_000 {
            let length = Int.random(in: 1...255, using: &random)
            let bytes = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) }
            let name = JobName(id: id, dropName: bytes)
            #expect(!name.drop.isEmpty && name.drop.utf8.count <= JobName.dropBytesMax)
            #expect(!name.drop.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0 == "/" })
            #expect(name.description.utf8.count + "20261124T020000Z.".utf8.count <= 255)
            let read = try #require(JobName(name.description))
            #expect(read == name)
            #expect(Array(read.description.utf8) == Array(name.description.utf8))
        }
    }

    @Test func `a long name loses its middle and keeps its ending`() {
        let long = String(repeating: "x", count: 250) + ".json"
        #expect(drop(long) == String(repeating: "x", count: 194) + "~.json")
        #expect(JobName(id: id, dropName: Array(long.utf8)).ending == ".json")
        #expect(drop(String(repeating: "x", count: 255)) == String(repeating: "x", count: 199) + "~")
        #expect(drop(String(repeating: "x", count: 200)) == String(repeating: "x", count: 200))
    }

    @Test func `a long name keeps its beginning without gaps`() {
        let name = String(repeating: "x", count: 196) + "😀yz" + String(repeating: "w", count: 40)
        #expect(drop(name) == String(repeating: "x", count: 196) + "~")
    }

    @Test func `a name of one enormous character is cut, too`() {
        let name = "e" + String(repeating: "\u{301}", count: 120)
        #expect(drop(name).utf8.count <= JobName.dropBytesMax)
        #expect(!drop(name).isEmpty)
    }

    @Test(arguments: [
        ("a.json", ".json"), ("a.tar.gz", ".gz"), (".hidden", ""), ("plain", ""), ("a.", "."),
        ("a.verylongendingindeedx", ""),
    ])
    func `the ending of a drop's name is kept inside the job`(name: String, ending: String) {
        #expect(JobName(id: id, dropName: Array(name.utf8)).ending == ending)
    }

    @Test(arguments: [
        "", "report.json", "01ARYZ6S410000000000000001", "01ARYZ6S410000000000000001-", "01ARYZ6S410000000000000001_a",
    ])
    func `a directory's name that is not a job's is refused`(name: String) { #expect(JobName(name) == nil) }

    @Test func `a drop named like a job is a name like any other`() throws {
        let inner = JobName(id: id, dropName: Array("a.txt".utf8)).description
        let outer = JobName(id: id, dropName: Array(inner.utf8))
        #expect(outer.drop == inner)
        #expect(try #require(JobName(outer.description)).drop == inner)
    }

    @Test func `a name that begins with a combining mark is read back`() throws {
        let name = JobName(id: id, dropName: Array("\u{301}x".utf8))
        #expect(try #require(JobName(name.description)).drop.unicodeScalars.elementsEqual("\u{301}x".unicodeScalars))
    }
}
