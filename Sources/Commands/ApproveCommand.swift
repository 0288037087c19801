import ArgumentParser
import Client
import Documents

struct ApproveCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Say yes to what held jobs wait for."
    )

    @OptionGroup var request: RequestOptions

    @Option(
        help: ArgumentHelp("JSON or YAML with the arguments to use in the place of those asked for.", valueName: "file")
    )
    var edit: String?

    @Option(
        help: ArgumentHelp(
            "The arguments_hash of the approval.json that was read: nothing else is approved.",
            valueName: "hash"
        )
    )
    var hash: String?

    func perform() async throws {
        let arguments = try edit.map { path in
            let bytes = try InputFile.read(path).bytes
            return try Document(bytes, format: Document.Format(fileName: path) ?? .yaml, name: path).value
        }
        try await request.carryOut(.approve(arguments: arguments, hash: hash))
    }
}
