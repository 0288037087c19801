import ArgumentParser
import Client
import Spool

struct ReindexCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex",
        abstract: "Make the index again from the job directories, which are the truth."
    )

    @OptionGroup var options: SpoolOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform() async throws {
        let made = try await IndexRemaking(options.client()).run(onUnreadable: Self.remark)
        json ? Terminal.print(made.json) : Terminal.print("\(made.path) holds \(made.jobs) jobs.")
    }

    /// Says on standard error that a job could not be read.
    static func remark(_ error: SpoolError) { Terminal.remark("\(error); it has no row, or an old one.") }
}
