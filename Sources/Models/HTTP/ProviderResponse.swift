import Documents
import Jobs
import NIOHTTP1
import OrderedCollections

/// An answer with an error status, in the form of a batch's error file.
enum ProviderResponse {
    /// The largest body that is kept, in bytes: the history stores one for every attempt.
    static let bodyMax = 16 << 10

    /// - Parameters:
    ///   - body: The body as JSON; nil when it is not JSON, or larger than ``bodyMax``.
    ///   - content: What the body says.
    ///   - secrets: Secrets to hide; some servers repeat the key that they refuse.
    /// - Returns: `status_code`, `request_id`, and `body`, which always has the member `error`.
    static func json(
        status: Int,
        body: JSON?,
        _ content: ErrorContent,
        headers: HTTPHeaders,
        hiding secrets: [String]
    ) -> JSON {
        let id = headers.first(name: "x-request-id") ?? headers.first(name: "request-id")
        let written = body?["error"]?.object != nil ? body : nil
        return [
            "status_code": .int(Int64(status)), "request_id": JSON(id),
            "body": hide(secrets, in: written ?? made(content, status)),
        ]
    }

    /// A body in OpenAI's form for an error that came in another form.
    private static func made(_ content: ErrorContent, _ status: Int) -> JSON {
        [
            "error": [
                "message": .string(content.message.map { ProviderText.short($0) } ?? "HTTP \(status)"),
                "type": JSON(content.names.first), "param": .null, "code": .null,
            ]
        ]
    }

    private static func hide(_ secrets: [String], in value: JSON) -> JSON {
        if secrets.allSatisfy(\.isEmpty) { return value }
        return switch value {
        case .string(let text):
            .string(secrets.reduce(text) { $1.isEmpty ? $0 : $0.replacing($1, with: "[key]") })
        case .array(let elements): .array(elements.map { hide(secrets, in: $0) })
        case .object(let members): .object(members.mapValues { hide(secrets, in: $0) })
        default: value
        }
    }
}
