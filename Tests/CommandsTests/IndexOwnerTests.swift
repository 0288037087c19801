import Documents
import Foundation
import Testing

@Suite("The index of another spool")
struct IndexOwnerTests {
    private func configuration(_ index: String) -> String {
        """
        models: {default: {provider: scripted, script: scripted-model.yaml}}
        index: \(index)
        """
    }

    @Test("The index of another spool is refused with both spools' names, and a moved spool keeps its own index")
    func refused() throws {
        let first = try TestSpool()
        let second = try TestSpool()
        let index = first.directory.appendingPathComponent("shared.sqlite").path
        for spool in [first, second] { try spool.write(configuration(index), to: "agentspool.yaml") }
        #expect(try first.agentspool("run", "--drain", "--node", "test").status == 0)
        #expect(try first.agentspool("list").status == 0)
        for command in [["run", "--drain", "--node", "test"], ["list"], ["reindex"]] {
            let arguments = command + ["--spool", second.path]
            let refused = try Program.run(arguments: arguments)
            #expect(refused.status == 78, "\(command): \(refused.error)")
            #expect(refused.error.contains(first.path) && refused.error.contains(second.path))
        }
        let moved = first.directory.appendingPathComponent("moved").path
        try FileManager.default.moveItem(atPath: first.path, toPath: moved)
        #expect(try Program.run(arguments: ["run", "--drain", "--node", "test", "--spool", moved]).status == 0)
        try FileManager.default.copyItem(atPath: moved, toPath: first.path)
        let copy = try Program.run(arguments: ["run", "--drain", "--node", "test", "--spool", first.path])
        #expect(copy.status == 78 && copy.error.contains("is a copy"))
    }

    @Test("An index in the spool's own directory goes with a copy of the spool, also when the copy has a new id")
    func ownIndexIsCopied() throws {
        let first = try TestSpool()
        try first.drop("a haiku", as: "haiku.txt")
        #expect(try first.agentspool("run", "--drain", "--node", "test").status == 0)
        let copy = first.directory.appendingPathComponent("copy").path
        try FileManager.default.copyItem(atPath: first.path, toPath: copy)
        for _ in 0..<2 {
            let run = try Program.run(arguments: ["run", "--drain", "--node", "test", "--spool", copy])
            #expect(run.status == 0, "\(run.error)")
            #expect(try Program.run(arguments: ["list", "--spool", copy]).output.contains("haiku.txt"))
            try FileManager.default.removeItem(atPath: "\(copy)/spool.id")
        }
    }
}
