import Documents
import Foundation
import Jobs
import OrderedCollections
import Testing

@testable import Tools

@Suite("The paths of a job's artifacts")
struct ArtifactPathsTests {
    @Test(
        "Paths of artifacts are recorded relative to the job's directory, so that they survive a move of it",
        arguments: [
            ("/spool/p/job/artifacts/x.txt", "artifacts/x.txt"), ("/spool/p/job/artifacts", "artifacts/"),
            ("/spool/p/job/artifacts/", "artifacts/"), ("file:///spool/p/job/artifacts/a/b", "artifacts/a/b"),
            ("wrote /spool/p/job/artifacts/x and /spool/p/job/artifacts/y.", "wrote artifacts/x and artifacts/y."),
            ("/spool/p/job/artifacts2/x", "/spool/p/job/artifacts2/x"),
            ("/spool/p/job/job.json", "/spool/p/job/job.json"),
            ("/other/artifacts/x", "/other/artifacts/x"), ("", ""),
            ("see (/spool/p/job/artifacts)", "see (artifacts/)"),
        ]
    )
    func recorded(text: String, expected: String) {
        let paths = ArtifactPaths("/spool/p/job/artifacts")
        #expect(paths.recorded(text) == expected)
        #expect(paths.recorded(["a": [.string(text)], "n": 1] as JSON) == ["a": [.string(expected)], "n": 1])
    }

    @Test("A path that was written with resolved links is recorded relative to the job's directory, too")
    func links() throws {
        let place = try ToolFixture()
        try FileManager.default.createDirectory(atPath: "\(place.directory)/real", withIntermediateDirectories: false)
        symlink("real", "\(place.directory)/link")
        let paths = ArtifactPaths("\(place.directory)/link/artifacts")
        #expect(paths.recorded("\(place.directory)/real/artifacts/x") == "artifacts/x")
    }

    @Test(
        "A tool gets a recorded path as an absolute one only when something exists there",
        arguments: [
            ("artifacts/x", "/artifacts/x"), ("./artifacts/x", "/artifacts/x"), ("artifacts/", "/artifacts"),
            ("artifacts/none", nil), ("artifacts/../job", nil), ("artifacts", nil), ("see artifacts/x", nil),
            ("/artifacts/x", nil),
        ] as [(String, String?)]
    )
    func resolved(text: String, expected: String?) throws {
        let place = try ToolFixture()
        try FileManager.default.createDirectory(atPath: place.artifacts, withIntermediateDirectories: false)
        place.write("artifacts/x", "")
        place.write("job", "")
        let paths = ArtifactPaths(place.artifacts)
        let value = paths.resolved(["files": [.string(text)]])
        #expect(value == ["files": [.string(expected.map { place.directory + $0 } ?? text)]])
    }
}

@Suite("The limit of an answer")
struct AnswerLimitTests {
    let place: ToolFixture

    init() throws { place = try ToolFixture() }

    private func told(_ output: JSON, _ limit: Int) -> JSON {
        AnswerLimit.told(output, limit: limit, step: "handle/2/tool/0", in: ArtifactPaths(place.artifacts))
    }

    @Test("An answer within the limit is unchanged, and no file is written")
    func short() {
        #expect(told(["n": 1], 1_000) == ["n": 1])
        #expect(told(.string(String(repeating: "x", count: 1_000)), 1_000).string?.count == 1_000)
        #expect(place.text("artifacts/handle-2-tool-0.txt") == nil)
    }

    @Test("A longer answer is cut to its beginning and end, and names the file with the whole")
    func long() throws {
        let whole = (0..<5_000).map { "line \($0) ü\n" }.joined()
        let text = try #require(told(.string(whole), 2_000).string)
        #expect(text.hasPrefix("line 0 ü\nline 1 ü\n") && text.hasSuffix("line 4999 ü\n"))
        #expect(
            text.contains("the whole answer of \(whole.utf8.count) bytes is in the file artifacts/handle-2-tool-0.txt")
        )
        #expect(text.utf8.count < 2_200)
        #expect(place.text("artifacts/handle-2-tool-0.txt") == whole)
    }

    @Test("A long JSON answer is kept as JSON, and existing files are not overwritten")
    func json() {
        let value = JSON.array((0..<1_000).map { .int(Int64($0)) })
        for _ in 1...2 { _ = told(value, 1_000) }
        #expect(place.text("artifacts/handle-2-tool-0.json") == value.text)
        #expect(place.text("artifacts/handle-2-tool-0.2.json") == value.text)
    }

    @Test("The cut answer says so when the whole cannot be kept")
    func lost() {
        place.write("artifacts", "a file in its place")
        let text = told(.string(String(repeating: "x", count: 5_000)), 1_000).string ?? ""
        #expect(text.contains("could not be kept: a file for the answer of step handle/2/tool/0 cannot be written: "))
    }
}
