import Testing

@testable import Workflow

@Suite struct MustacheTagTests {
    @Test(arguments: [
        ("no tag, {one} nor }} two {{", []), ("{{a}} {{ b.c }}{{{d}}}{{&e}}", ["a", "b.c", "d", "e"]),
        ("{{two words}}{{a}}", ["a"]), ("{{}}{{ }}{{a}}", ["a"]), ("{{#list}}{{.}}{{/list}}", ["list", ".", "/list"]),
        ("{{a}}}} {{b", ["a"]), ("{{\n a\t}}", ["a"]),
    ])
    func `the names of a text's tags come in their order`(_ text: String, _ names: [String]) {
        #expect(MustacheTag.tags(in: text).map(\.name) == names)
    }

    @Test func `a section begins with # or ^`() {
        let tags = MustacheTag.tags(in: "{{a}}{{#b}}{{^ c }}{{/b}}")
        #expect(tags.map(\.beginsSection) == [false, true, true, false])
    }
}
