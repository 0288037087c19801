import Documents
import Jobs
import Testing

@Suite struct DeliveryNameTests {
    private func settings(_ deliver: String) throws -> DeliverySettings? {
        let document = try Document(Array("{deliver: {directory: out, \(deliver)}}".utf8), format: .yaml)
        return try DeliverySettings(MemberReader(document), directory: "/etc/spool")
    }

    private func name(_ template: String, of drop: String) throws -> String? {
        var acceptance = Story.acceptance
        acceptance.name = drop
        let folder = try settings("result: '\(template)'")?.folder
        return folder?.result.name(for: Story(.accepted(acceptance)).replay)
    }

    @Test(arguments: [
        ("{{job.name}}.json", "a.txt", "a.txt.json"), ("{{ job.stem }}.json", "a.b.txt", "a.b.json"),
        ("{{job.stem}}", ".hidden", "_hidden"), ("{{job.name}}", "../../etc/passwd", "_._.._etc_passwd"),
        ("{{job.name}}", "a\u{1}\nb", "a__b"), ("{{job.name}}", "..", "_."), ("{{job.name}}", "", "_"),
        ("x-{{job.queue}}-{{job.workflow}}", "a", "x-tickets-triage"),
    ])
    func `a name is one name in the directory, whatever the job is called`(
        _ template: String,
        _ drop: String,
        _ expected: String
    ) throws {
        #expect(try name(template, of: drop) == expected)
    }

    @Test func `a long name keeps its ending and has 255 bytes at most, also with the id before it`() throws {
        let long = try #require(try name("{{job.name}}.json", of: String(repeating: "ä", count: 200) + ".pdf"))
        #expect(long.utf8.count <= 255 && long.hasSuffix("~.pdf.json"))
        let second = DeliveryName.name(long, after: Story.name.id, number: 2)
        #expect(second.utf8.count <= 255 && second.hasPrefix("\(Story.name.id)-2-"))
    }

    @Test(arguments: ["../{{job.name}}", ".x", "{{job.owner}}", "{{job.name", "", "a/b"])
    func `a template that could leave the directory, or names what is not there, is refused`(_ template: String) {
        #expect(throws: DocumentError.self) { try settings("result: '\(template)'") }
    }

    @Test(arguments: ["mode: \"4755\"", "mode: \"0200\"", "mode: rw", "colour: red", "made_below: /x"])
    func `a wrong member of deliver is refused`(_ member: String) {
        #expect(throws: DocumentError.self) { try settings(member) }
    }

    @Test func `settings that a history carries are read again as they were`() throws {
        let yaml = "{deliver: {directory: out, group: '7'}, on: {held: [a, [b, -v], {command: [c], timeout: 5s}]}}"
        let document = try Document(Array(yaml.utf8), format: .yaml)
        let settings = try #require(try DeliverySettings(MemberReader(document), directory: "/etc/spool"))
        #expect(settings.hooks[.held]?.map(\.command) == [["a"], ["b", "-v"], ["c"]])
        #expect(settings.folder?.directory == "/etc/spool/out")
        #expect(try DeliverySettings(settings.json) == settings)
    }
}
