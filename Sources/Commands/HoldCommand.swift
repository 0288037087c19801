import ArgumentParser
import Client

struct HoldCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Put jobs aside until they are released; a running step may finish."
    )

    @OptionGroup var request: RequestOptions

    func perform() async throws { try await request.carryOut(.hold) }
}
