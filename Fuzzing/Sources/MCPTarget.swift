import Documents
import Jobs

@testable import Tools

/// What a server of the Model Context Protocol writes.
enum MCPTarget: FuzzTarget {
    static let name = "mcp"

    static func run(_ input: [UInt8]) {
        let cuts = Pieces.cuts(of: input).map { lines(of: $0) }
        for lines in cuts.dropFirst() { claimEqual(lines, cuts[0], "messages in pieces are the same") }
        for line in cuts[0] { check(MCPMessage(line)) }
    }

    private static func lines(of pieces: [[UInt8]]) -> [[UInt8]] {
        var buffer = LineBuffer(lineMax: 1 << 16)
        var lines: [[UInt8]] = []
        for piece in pieces { lines += piece.withUnsafeBytes { buffer.lines(adding: $0) } ?? [] }
        return lines
    }

    private static func check(_ message: MCPMessage) {
        switch message {
        case .response(_, .success(let result)): check(result: result)
        case .response(_, .failure(let error)):
            claim(error.message.count < 10_000, "an error is quoted, not repeated")
            checkVersions(error.data?["supported"])
        case .request(let id, let method):
            let answer = try? JSONParser.parse(MCPMessage.answer(to: id, method))
            claimEqual(answer?["id"], id, "a request is answered with its own id")
        case .notification, .unusable: break
        }
    }

    /// A result does not name its request, so it is read as the answer to each kind of request.
    private static func check(result: JSON) {
        checkVersions(result["supportedVersions"])
        for json in result["tools"]?.array ?? [] {
            guard let tool = MCPToolDescription(json, of: "server") else { continue }
            claim(MCPToolName("server.\(tool.name)") != nil, "a tool's name is one that workflows can say")
            _ = tool.parameters.errors(in: result)
        }
        let failure = MCPFailure(tool: "tool", server: "server", effect: .write)
        do throws(Failure) {
            Kept.check(try MCPToolResult(json: result).output(failure))
        } catch {
            claim(error.message.count < MCPFailure.toldMax + 100, "a failure is quoted, not repeated")
        }
    }

    private static func checkVersions(_ versions: JSON?) {
        let names = (versions?.array ?? []).compactMap(\.string)
        guard let era = MCPProtocolVersion(amongst: names) else { return }
        switch era {
        case .modern(let version), .legacy(let version): claim(names.contains(version), "a version is one of theirs")
        }
    }
}
