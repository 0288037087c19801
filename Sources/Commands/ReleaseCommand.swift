import ArgumentParser
import Client
import Documents
import Jobs
import OrderedCollections

struct ReleaseCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Let held jobs go on."
    )

    @OptionGroup var request: RequestOptions

    @Option(
        help: ArgumentHelp("The step in doubt happened; this is its output, JSON or text.", valueName: "output")
    )
    var assumeDone: String?

    @Flag(help: "The step in doubt did not happen, or may happen again.")
    var again = false

    @Option(
        help: ArgumentHelp(
            "A higher limit, as cost_usd=2.50, tokens=80000, tool_calls=40, turns=30 or duration=1h.",
            valueName: "name=value"
        )
    )
    var limit: [String] = []

    private var limits = Validated(Limits())

    mutating func validate() throws {
        if assumeDone != nil, again { throw ValidationError("Give --assume-done or --again, not both.") }
        limits = Validated(try readLimits())
    }

    func perform() async throws {
        let output = assumeDone.map { text in JSON(printed: text) ?? .string(text) }
        let finding = output.map { Release.Finding.done(output: $0) } ?? (again ? .again : nil)
        try await request.carryOut(.release(finding: finding, limits: limits.value))
    }

    private func readLimits() throws -> Limits {
        var members: OrderedDictionary<String, JSON> = [:]
        for text in limit {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--limit needs name=value, not \"\(text)\".") }
            members[parts[0]] = (try? JSONParser.parse(parts[1])) ?? .string(parts[1])
        }
        do throws(DocumentError) {
            return try Limits(MemberReader(Document(JSON.object(members).bytes, format: .json, name: "--limit")))
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
