import ArgumentParser
import Documents
import Jobs
import Spool
import SystemPackage

struct InitCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a new spool with a commented configuration.",
        discussion: "What is there already is left as it is."
    )

    @Argument(help: ArgumentHelp("Where.", valueName: "dir"))
    var directory = "spool"

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform() async throws {
        let path = SpoolOptions.absolute(directory)
        let fileSystem = LinuxFileSystem()
        try SpoolRoot.create(path: path, queues: ["default"], fileSystem: fileSystem)
        let spool = try SpoolRoot(path: path, fileSystem: fileSystem)
        let identifiers = JobIDGenerator(clock: .system, random: { UInt64.random(in: .min ... .max) })
        _ = try spool.ensureIdentity(identifiers.next())
        var made: [String] = []
        for (name, text) in StarterFiles.all {
            do throws(Errno) {
                let file = try fileSystem.open(name, in: spool.root, .create, mode: 0o644)
                try fileSystem.writeAll(Array(text.utf8), to: file)
                made.append(name)
            } catch .fileExists {
                continue
            } catch {
                throw SpoolError("writing \(path)/\(name)", error)
            }
        }
        if json {
            return Terminal.print(["spool": .string(path), "made": .array(made.map(JSON.string))])
        }
        Terminal.print("The spool \(path) is ready.")
        if made.isEmpty { Terminal.print("Its configuration was there and is unchanged.") }
        Terminal.print("Next: agentspool run --spool \(directory)")
    }
}
