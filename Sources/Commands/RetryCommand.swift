import ArgumentParser
import Client

struct RetryCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run failed jobs again; finished steps stay finished."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.retry) }
}
