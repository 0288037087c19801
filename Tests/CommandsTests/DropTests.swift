import Documents
import Foundation
import Jobs
import Spool
import Testing

@Suite("Files as people have them")
struct DropTests {
    private static let configuration = """
        models: {default: {provider: scripted, script: scripted-model.yaml}}
        queues:
          default: {workflow: prompt, settle_empty: 1m}
          pdf: {workflow: prompt, accept: ["*.pdf"], ignore: ["copy of *"]}

        """

    private func spool() throws -> TestSpool {
        let spool = try TestSpool(configuration: Self.configuration)
        for name in ["pdf", "old"] {
            try FileManager.default.createDirectory(
                atPath: "\(spool.path)/inbox/\(name)",
                withIntermediateDirectories: false
            )
        }
        return spool
    }

    @Test(
        "A file with a temporary name that is submitted runs once, with the printed id and under that name",
        arguments: ["draft.tmp", "notes.txt~", ".hidden", "~$x.docx", "#a#", "Thumbs.db", "x.crdownload"]
    )
    func submitted(_ name: String) async throws {
        let spool = try spool()
        try spool.write("a haiku, please", to: "tmp/\(name)")
        let made = try spool.agentspool("submit", "\(spool.path)/tmp/\(name)")
        #expect(made.status == 0, "\(made.error)")
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        let jobs = try spool.jobs()
        #expect(jobs.map(\.location.job.id.text) == made.lines)
        #expect(jobs.map(\.location.job.drop) == [name])
        #expect(jobs.first?.replay.outcome == .completed)
    }

    @Test("A file that is submitted to a directory without a queue is refused, and no id is printed")
    func noQueue() throws {
        let spool = try spool()
        let made = try spool.agentspool("submit", "--queue", "old", "-", input: "x")
        #expect(made.status == 66 && made.output == "")
        #expect(made.error.contains("no queue \"old\""))
    }

    @Test("Without a daemon, status shows files that are left alone or wait, with reason and age")
    func status() throws {
        let spool = try spool()
        let old = Date(timeIntervalSinceNow: -3 * 86_400)
        for number in 1...14 {
            try spool.write("x", to: "inbox/default/\(number).TMP")
            try FileManager.default.setAttributes(
                [.modificationDate: old],
                ofItemAtPath: "\(spool.path)/inbox/default/\(number).TMP"
            )
        }
        try spool.write("", to: "inbox/default/empty.txt")
        try spool.write("x", to: "inbox/pdf/a.doc")
        try spool.write("x", to: "inbox/pdf/Copy of a.pdf")
        for name in ["a", "b"] { try spool.write("x", to: "inbox/old/\(name)") }
        try spool.write("x", to: "inbox/loose.txt")
        let text = try spool.agentspool("status").output
        for line in [
            "inbox/default: 14 files left alone as temporary, the oldest 3 d",
            "inbox/default: empty.txt waits: it is empty, and its bytes may still come; last changed ",
            "inbox/pdf: 1 file left alone by the queue's ignore, ",
            "inbox/pdf: 1 file left alone because the queue's accept has no such names, ",
            "inbox: 1 file in no queue's directory; it lies there untouched",
            "inbox/old: 2 files, and no queue of that name; the directory is left alone",
        ] { #expect(text.contains("\n\(line)"), "\(text)") }
        let json = try JSONParser.parse(spool.agentspool("status", "--json").output)
        let inboxes = try #require(json["inboxes"]?.array)
        #expect(inboxes.map { $0["queue"] } == ["default", "pdf"])
        #expect(inboxes[0]["left_alone"]?.array?.map { $0["reason"] } == ["temporary"])
        #expect(inboxes[0]["left_alone"]?.array?.map { $0["count"] } == [14])
        #expect(inboxes[0]["waiting"]?.array?.map { $0["waits_for"] } == ["empty"])
        #expect(inboxes[1]["left_alone"]?.array?.map { $0["reason"] } == ["ignored", "not_accepted"])
        #expect(json["unqueued"]?.array?.map { $0["count"] } == [1, 2])
        #expect(try spool.agentspool("list").output.contains("in the inbox: it is empty, and its bytes may still come"))
    }

    @Test("A file that its writer still has open waits, is shown, and becomes one job when it is closed")
    func writer() async throws {
        let spool = try spool()
        try spool.write("", to: "inbox/default/a.txt")
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(spool.path)/inbox/default/a.txt"))
        try file.write(contentsOf: Data("a haiku, ".utf8))
        try await spool.startDaemon()
        let shown = "inbox/default: a.txt waits: its writer still has it open; last changed "
        #expect(try spool.agentspool("status").output.contains(shown))
        try file.write(contentsOf: Data("please".utf8))
        try file.close()
        try await spool.untilSettled(1)
        #expect(spool.read("\(try spool.jobs()[0].location.path)/job.txt") == "a haiku, please")
    }
}
