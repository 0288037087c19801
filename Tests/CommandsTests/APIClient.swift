import Documents
import Foundation
import Testing

/// Calls the API of a spool with curl(1), as root or as another user.
struct APIClient {
    struct Answer {
        var status: Int
        /// In lower case.
        var headers: [String: String]
        var body: String

        var json: JSON { (try? JSONParser.parse(body)) ?? .null }
    }

    let socket: String
    /// The uid and the gid of the caller; nil for this process's own.
    var user: (uid: Int, gid: Int)?

    init(_ spool: TestSpool, user: (uid: Int, gid: Int)? = nil) {
        (socket, self.user) = ("\(spool.path)/run/api.sock", user)
    }

    func get(_ path: String, _ headers: [String: String] = [:]) throws -> Answer { try call("GET", path, headers) }

    func post(_ path: String, _ body: String = "", _ headers: [String: String] = [:]) throws -> Answer {
        try call("POST", path, headers, body)
    }

    func call(
        _ method: String,
        _ path: String,
        _ headers: [String: String] = [:],
        _ body: String? = nil
    ) throws -> Answer {
        var arguments = [
            "curl", "-sS", "-i", "--path-as-is", "--max-time", "60", "--unix-socket", socket, "-X", method,
        ]
        for (name, value) in headers { arguments += ["-H", "\(name): \(value)"] }
        if body != nil { arguments += ["--data-binary", "@-"] }
        arguments.append("http://localhost\(path)")
        if let user {
            arguments = ["setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", "--clear-groups"] + arguments
        }
        let result = try Program.run("/usr/bin/env", arguments: arguments, input: body ?? "")
        try #require(result.status == 0, "\(result.error)")
        return try Self.answer(result.output)
    }

    private static func answer(_ text: String) throws -> Answer {
        var rest = text.replacingOccurrences(of: "\r\n", with: "\n")
        var lines: [String] = []
        repeat {
            let end = try #require(rest.range(of: "\n\n"), "\(rest)")
            lines = rest[..<end.lowerBound].split(separator: "\n").map(String.init)
            rest = String(rest[end.upperBound...])
        } while lines.first?.contains(" 100 ") == true
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        return Answer(status: status, headers: headers, body: rest)
    }
}
