import ArgumentParser
import Client

struct DenyCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny",
        abstract: "Say no to what held jobs wait for: they end as denied, or their model gets the denial."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.deny) }
}
