import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct TemplateTests {
    private let input: JSON = [
        "text": "a <b> & \"c\" {{input.secret}}", "n": 5, "d": 5.0, "yes": true, "list": [1, "x"], "none": .null,
        "secret": "no",
        "people": [["name": "Ada"], ["name": "Bob"]], "person": ["name": "Ada"], "empty": [],
    ]

    private func template(_ value: JSON, steps: Set<String> = ["a"]) throws -> Template {
        let reader = try MemberReader(Document(JSON.object(["prompt": value]).bytes, format: .json, name: "c.json"))
        return try Template(value, at: ["prompt"], in: reader, steps: steps)
    }

    private func render(_ value: JSON) throws -> JSON {
        var scope = Scope(input: input, job: ["id": "01J"])
        scope.add(output: ["n": 1], of: "a")
        return try template(value).render(scope)
    }

    @Test func `a value that is nested too deep for a history is refused`() throws {
        var value: JSON = []
        for _ in 0..<511 { value = [value] }
        let scope = Scope(input: value, job: [:])
        #expect(try template("{{input}}").render(scope) == value)
        #expect(throws: Failure.self) { try template(["{{input}}"]).render(scope) }
    }

    @Test(
        arguments: [
            ("{{input.n}}", 5), ("{{ input.d }}", 5.0), ("{{input.yes}}", true), ("{{input.list}}", [1, "x"]),
            ("{{input.none}}", .null), ("{{input.list.1}}", "x"), ("{{steps.a.output}}", ["n": 1]),
            ("{{job.id}}", "01J"),
            ("{{input.text}}", "a <b> & \"c\" {{input.secret}}"),
        ] as [(JSON, JSON)]
    )
    func `a string that is one reference becomes the value itself, with its type`(template: JSON, expected: JSON) throws
    {
        #expect(try render(template) == expected)
    }

    @Test(
        arguments: [
            ("T: {{input.text}}!", "T: a <b> & \"c\" {{input.secret}}!"),
            ("{{input.n}}/{{input.d}}/{{input.yes}}", "5/5.0/true"),
            ("{{{input.text}}} ", "a <b> & \"c\" {{input.secret}} "), ("<{{input.list}}>", "<[1,\"x\"]>"),
            ("<{{input.person}}>", "<{\"name\":\"Ada\"}>"), ("<{{input.none}}>", "<>"), ("<{{input.missing}}>", "<>"),
            ("{{#input.people}}{{name}}, {{/input.people}}", "Ada, Bob, "),
            ("{{#input.person}}{{name}}{{/input.person}}", "Ada"),
            ("{{#input.list}}[{{.}}]{{/input.list}}", "[1][x]"), ("{{^input.empty}}none{{/input.empty}}", "none"),
            ("{{#input.missing}}x{{/input.missing}}{{^input.missing}}y{{/input.missing}}", "y"),
            ("{{#input.people}}{{steps.a.output.n}}{{/input.people}}", "11"), ("no braces", "no braces"),
            ("{{#input.yes}}yes{{/input.yes}}", "yes"), ("{ {input.n} }", "{ {input.n} }"),
        ] as [(JSON, JSON)]
    )
    func `references in a text are filled in as they are, and sections go over lists and objects`(
        template: JSON,
        expected: JSON
    ) throws {
        #expect(try render(template) == expected)
    }

    @Test func `templates are filled in wherever they stand, and names of members are left alone`() throws {
        let value: JSON = ["to": ["{{input.n}}", "x{{input.n}}"], "{{input.n}}": 1, "flag": false]
        #expect(try render(value) == ["to": [5, "x5"], "{{input.n}}": 1, "flag": false])
    }

    @Test(arguments: ["{{input.missing}}", "{{input.list.2}}", "{{input.n.x}}", "{{item}}", "{{steps.a.output.x}}"])
    func `a whole reference to a missing value is a permanent failure that names it`(text: String) throws {
        let failure = #expect(throws: Failure.self) { try render(.string(text)) }
        let name = text.dropFirst(2).dropLast(2)
        #expect(failure?.class == .permanent)
        #expect(failure?.message == "the template {{\(name)}} refers to something that is not there")
        #expect(failure?.hint != nil)
    }

    @Test(arguments: [
        ("{{steps.b.output}}", "\"steps.b.output\" refers to no step before this one; there are a"),
        ("x {{steps.b.output}}", "\"steps.b.output\" refers to no step before this one; there are a"),
        (
            "{{#steps.b.output}}x{{/steps.b.output}}",
            "\"steps.b.output\" refers to no step before this one; there are a"
        ),
        ("{{steps.a}}", "\"steps.a\": a step's output is at steps.a.output"),
        ("{{steps.a.result}}", "\"steps.a.result\": a step's output is at steps.a.output"),
        (
            "{{inptu.text}}",
            "\"inptu.text\" refers to nothing; a reference begins with input, steps, item, index or job"
        ),
        (
            "x {{inptu.text}}",
            "\"inptu.text\" refers to nothing; a reference begins with input, steps, item, index or job"
        ),
    ])
    func `a reference that can never have a value is refused when it is read`(text: String, reason: String) {
        #expect(errorText { try template(.string(text)) } == "c.json:1: prompt: \(reason)")
    }

    @Test(arguments: ["x {{input.n", "{{#input.list}}x", "x {{/input.list}}"])
    func `a text that is no template is refused when it is read`(text: String) throws {
        let error = try #require(errorText { try template(.string(text)) })
        #expect(error.hasPrefix("c.json:1: prompt: not a template: "))
    }
}

/// What the error that `body` throws says, or nil when it throws none.
func errorText(_ body: () throws -> some Any) -> String? {
    do {
        _ = try body()
        return nil
    } catch {
        return "\(error)"
    }
}
