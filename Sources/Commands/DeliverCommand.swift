import ArgumentParser
import Client

struct DeliverCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliver",
        abstract: "Deliver results again: what failed, or all where nothing did."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.deliver) }
}
