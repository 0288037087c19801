import ArgumentParser
import Client
import Documents
import HTTPAPI

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke the tokens of the API.",
        discussion: """
            They are in the file that api.tokens of the configuration names, as hashes. A change counts when the daemon \
            reads its configuration again: agentspool reload.
            """,
        subcommands: [New.self, List.self, Revoke.self]
    )

    /// Which file is meant.
    struct FileOptions: ParsableArguments {
        @OptionGroup var options: SpoolOptions

        @Option(help: ArgumentHelp("The file, if not that of the configuration.", valueName: "file"))
        var file: String?

        func store() throws -> TokenStore {
            if let file { return TokenStore(path: SpoolOptions.absolute(file)) }
            return try TokenStore(configuration: options.configurationPath)
        }
    }

    struct New: SpoolCommand {
        static let configuration = CommandConfiguration(
            commandName: "new",
            abstract: "Make a token, and print it; it is shown this once."
        )

        @OptionGroup var options: FileOptions

        @Argument(help: "Its name, which owns the jobs that it submits.")
        var name: String

        @Option(help: "What it may do.")
        var role = Role.submit

        @Option(name: .customLong("queue"), help: ArgumentHelp("Only this queue; may be repeated.", valueName: "queue"))
        var queues: [String] = []

        func perform() async throws {
            var random = SystemRandomNumberGenerator()
            let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            Terminal.print(try options.store().add(name, role, queues: queues, secret: secret))
            Terminal.remark("\(name) has the role \(role.rawValue) when the daemon has reloaded: agentspool reload")
        }
    }

    struct List: SpoolCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the tokens' names, roles and queues."
        )

        @OptionGroup var options: FileOptions

        @Flag(help: "Print one JSON object a line.")
        var json = false

        func perform() async throws {
            let entries = try options.store().read().entries
            if json {
                for entry in entries {
                    Terminal.print([
                        "name": .string(entry.name), "role": .string(entry.role.rawValue),
                        "queues": entry.queues.map { .array($0.sorted().map(JSON.string)) } ?? .null,
                    ])
                }
                return
            }
            if entries.isEmpty { return Terminal.remark("There are no tokens.") }
            var table = Table(["NAME", "ROLE", "QUEUES"])
            for entry in entries {
                table.add([
                    Table.Cell(entry.name), Table.Cell(entry.role.rawValue),
                    Table.Cell(entry.queues?.sorted().joined(separator: ",") ?? "all"),
                ])
            }
            Terminal.print(table.text)
        }
    }

    struct Revoke: SpoolCommand {
        static let configuration = CommandConfiguration(commandName: "revoke", abstract: "Remove a token.")

        @OptionGroup var options: FileOptions

        @Argument(help: "Its name.")
        var name: String

        func perform() async throws {
            let store = try options.store()
            guard try store.revoke(name) else {
                throw ClientError("there is no token \(name) in \(store.path)", .noInput)
            }
            Terminal.remark("\(name) is refused when the daemon has reloaded: agentspool reload")
        }
    }
}

extension Role: ExpressibleByArgument {}
