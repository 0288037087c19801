import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

/// The examples, run as their READMEs say: here with the scripted model, in ``RealModelTests`` with a real one.
@Suite("The example")
struct ExampleTests {
    @Test("The support agent waits for an approval before it opens a ticket, and then opens one")
    func support() async throws {
        let spool = try Example.spool("support")
        try await Example.support(spool)
        let result = try JSONParser.parse(try spool.agentspool("result", "parcel.txt", "--json").output)
        #expect(result["output"]?["ticket"] == "T-1")
        #expect(result["output"]?["answer"]?.string?.contains("your case is ticket T-1") == true)
        let history = try spool.agentspool("history", "parcel.txt").output
        #expect(history.contains("approved") && history.contains("looks right"))
    }

    @Test("The support agent opens no ticket when the operator denies it")
    func denied() async throws {
        let spool = try Example.spool("support")
        try await spool.startDaemon()
        try spool.drop(try Example.file("support/drops/parcel.txt"), as: "parcel.txt")
        try await spool.untilSettled(1)
        let denied = try spool.agentspool("deny", "parcel.txt", "--reason", "no such customer")
        #expect(denied.status == 0, "\(denied.error)")
        try await spool.until("the job has ended") { try spool.places() == ["failed": 1] }
        #expect(try spool.jobs().first?.replay.outcome == .denied)
        #expect(spool.read("\(try #require(spool.jobs().first).location.path)/error.txt").contains("no such customer"))
        #expect(!FileManager.default.fileExists(atPath: "\(spool.path)/tickets"))
    }

    @Test("The summaries example summarises every document in order, and then all of them")
    func summaries() async throws {
        let spool = try Example.spool("summaries")
        let output = try await Example.summaries(spool)
        #expect(output["summaries"] == ["It is about Fsync.", "It is about Inotify.", "It is about Renaming."])
        #expect(output["digest"] == "They are about files.")
    }
}

/// The files of `examples/`, and the steps of their READMEs.
enum Example {
    static func file(_ path: String) throws -> String {
        try String(contentsOfFile: "\(Program.checkout)/examples/\(path)", encoding: .utf8)
    }

    /// A spool as the example's README makes it.
    ///
    /// - Parameter model: The settings that replace those of the scripted model.
    static func spool(_ name: String, model: String? = nil) throws -> TestSpool {
        let root = URL(fileURLWithPath: "\(Program.checkout)/examples/\(name)")
        var files: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            files[path] = text
        }
        var configuration = try #require(files["agentspool.yaml"])
        if let model {
            configuration = configuration.replacing("{provider: scripted, script: scripted-model.yaml}", with: model)
        }
        files["agentspool.yaml"] = configuration
        return try TestSpool(configuration: nil, files: files)
    }

    /// Drops the ticket, approves the call that it asks for, and waits for the end.
    static func support(_ spool: TestSpool) async throws {
        try await spool.startDaemon()
        try spool.drop(try file("support/drops/parcel.txt"), as: "parcel.txt")
        try await spool.untilSettled(1)
        let held = try #require(try spool.jobs().first)
        try #require(held.location.directory == "held", "\(String(describing: held.replay.lastTurn))")
        let asked = try JSONParser.parse(spool.read("\(held.location.path)/approval.json"))
        #expect(asked["tool"] == "create_ticket" && asked["arguments"]?["about"] == "parcel.txt")
        #expect(!FileManager.default.fileExists(atPath: "\(spool.path)/tickets"))
        let approved = try spool.agentspool("approve", "parcel.txt", "--reason", "looks right")
        #expect(approved.status == 0, "\(approved.error)")
        try await spool.until("the job has ended") { try spool.places() == ["done": 1] }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(spool.path)/tickets").count == 1)
    }

    /// Summarises the folder, and returns the job's output.
    static func summaries(_ spool: TestSpool) async throws -> JSON {
        try await spool.startDaemon()
        try spool.drop(try file("summaries/drops/folder.json"), as: "folder.json")
        try await spool.untilSettled(1)
        let replay = try #require(try spool.jobs().first?.replay)
        #expect(replay.outcome == .completed, "\(String(describing: replay.lastTurn))")
        return replay.output ?? .null
    }
}
