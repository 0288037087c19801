import Jobs
import NIOHTTP1
import OrderedCollections

/// An answer with an error status as the error file of a batch shows it.
enum ProviderResponse {
    /// A longer body is not kept: it stands in the history once for every attempt.
    static let bodyMax = 16 << 10

    /// - Parameter secret: A key that must not show; some servers repeat the key that they refuse.
    /// - Returns: `status_code`, `request_id`, and `body`, which has the member `error` in every case.
    static func json(status: Int, body: [UInt8], headers: HTTPHeaders, hiding secret: String?) -> JSON {
        let id = headers.first(name: "x-request-id") ?? headers.first(name: "request-id")
        let json = body.count <= bodyMax ? try? JSONParser.parse(body) : nil
        let content = json?["error"]?.object != nil ? json : nil
        return [
            "status_code": .int(Int64(status)), "request_id": JSON(id),
            "body": hide(secret, in: content ?? made(body, status)),
        ]
    }

    /// A body for those that say their error in another form.
    private static func made(_ body: [UInt8], _ status: Int) -> JSON {
        let content = ProviderError.Content(body)
        return [
            "error": [
                "message": .string(content.message.map { ProviderText.short($0) } ?? "HTTP \(status)"),
                "type": JSON(content.names.first), "param": .null, "code": .null,
            ]
        ]
    }

    private static func hide(_ secret: String?, in value: JSON) -> JSON {
        guard let secret, !secret.isEmpty else { return value }
        return switch value {
        case .string(let text): .string(text.replacing(secret, with: "[key]"))
        case .array(let elements): .array(elements.map { hide(secret, in: $0) })
        case .object(let members): .object(members.mapValues { hide(secret, in: $0) })
        default: value
        }
    }
}
