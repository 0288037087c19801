import OrderedCollections
import TestKit
import Testing

@testable import Documents

@Suite struct MemberReaderTests {
    private enum Colour: String, CaseIterable {
        case red, green
    }

    private func reader(_ text: String) throws -> MemberReader {
        try MemberReader(Document(Array(text.utf8), format: .yaml, name: "c.yaml"))
    }

    @Test(arguments: [
        ("promt: 1", "c.yaml:1: promt: unknown member; did you mean \"prompt\"?"),
        ("pormpt: 1", "c.yaml:1: pormpt: unknown member; did you mean \"prompt\"?"),
        ("zebra: 1", "c.yaml:1: zebra: unknown member; known here: prompt, model"),
    ])
    func `an unknown member is refused, with a known one as a hint`(text: String, expected: String) throws {
        let reader = try reader(text)
        #expect(errorText { try reader.allowOnly(["prompt", "model"]) } == expected)
    }

    @Test func `a member with a very long name is refused with a short sentence`() throws {
        let name = String(repeating: "x", count: 100_000)
        let document = try Document(JSON.object([name: 1]).bytes, format: .json)
        let reader = try MemberReader(document)
        let error = try #require(errorText { try reader.allowOnly(["prompt", "model"]) })
        #expect(error.utf8.count < 300)
        #expect(error.contains("unknown member; known here: prompt, model"))
    }

    @Test func `each kind of member is read, or refused with what was expected`() throws {
        let reader = try reader("s: x\ni: 12\nn: 1.5\nb: true\nd: 90s\nl: [a, b]\nm: [a, 1]\no: {x: {y: 1}}\nz: null\n")
        #expect(try reader.string("s") == "x")
        #expect(try reader.string("z") == nil)
        #expect(try reader.string("missing") == nil)
        #expect(try reader.int("i", in: 0...12) == 12)
        #expect(try reader.number("n", in: 0...2) == 1.5)
        #expect(try reader.bool("b") == true)
        #expect(try reader.duration("d") == .seconds(90))
        #expect(try reader.strings("l") == ["a", "b"])
        #expect(try reader.objects("o").map(\.name) == ["x"])
        #expect(try reader.choice("missing", Colour.self) == nil)
        #expect(errorText { try reader.string("i") } == "c.yaml:2: i: a string was expected, not 12")
        #expect(
            errorText { try reader.int("i", in: 0...9) }
                == "c.yaml:2: i: a whole number from 0 to 9 was expected, not 12"
        )
        #expect(
            errorText { try reader.int("n", in: 0...9) }
                == "c.yaml:3: n: a whole number from 0 to 9 was expected, not 1.5"
        )
        #expect(errorText { try reader.bool("s") } == "c.yaml:1: s: true or false was expected, not \"x\"")
        #expect(
            errorText { try reader.duration("i") }
                == "c.yaml:2: i: a duration such as 90s, 15m, 2h or 7d was expected, not 12"
        )
        #expect(errorText { try reader.strings("m") } == "c.yaml:7: m: a list of strings was expected, not [\"a\",1]")
        #expect(
            errorText { try reader.choice("s", Colour.self) }
                == "c.yaml:1: s: one of red, green was expected, not \"x\""
        )
        #expect(
            errorText { try reader.object("l") } == "c.yaml:6: l: an object with members was expected, not an array"
        )
        #expect(errorText { try reader.list("o") } == "c.yaml:8: o: a list was expected, not an object")
        #expect(
            errorText { try reader.list("l") } == "c.yaml:6: l.0: an object with members was expected, not a string"
        )
    }

    @Test func `a document that is no object is refused`() {
        #expect(errorText { try reader("[1]") } == "c.yaml:1: an object with members was expected, not an array")
        #expect(errorText { try reader("") } == "c.yaml: an object with members was expected, not null")
    }
}
