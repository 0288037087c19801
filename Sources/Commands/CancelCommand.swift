import ArgumentParser
import Client

struct CancelCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs that have not ended."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.cancel) }
}
