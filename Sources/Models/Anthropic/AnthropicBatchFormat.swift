import Documents
import Jobs
import OrderedCollections

/// The batch lines of Anthropic's Message Batches (the result types of its SDK).
struct AnthropicBatchFormat: BatchLineFormat {
    let name: String

    func isWritten(_ line: JSON) -> Bool {
        line["params"] != nil && line["custom_id"] != nil && line["body"] == nil
    }

    func request(in line: JSON) throws(BatchLineFault) -> (body: JSON, endpoint: RequestEndpoint) {
        let parameters = try checked(line["params"] ?? .null, "params")
        if parameters["max_tokens"] == 0 { throw BatchLineFault("invalid_value", "max_tokens is 0") }
        return (parameters, .chat)
    }

    var countNames: [String] { ["processing", "succeeded", "errored", "canceled", "expired"] }

    func countName(_ ending: BatchLineResult.Ending) -> String? { Self.type(ending) }

    /// The `type` of a result.
    private static func type(_ ending: BatchLineResult.Ending) -> String {
        switch ending {
        case .succeeded: "succeeded"
        case .failed, .invalid: "errored"
        case .expired: "expired"
        case .cancelled: "canceled"
        }
    }

    func resultLine(_ result: BatchLineResult) -> JSON {
        var members: OrderedDictionary<String, JSON> = ["type": .string(Self.type(result.ending))]
        switch result.ending {
        case .succeeded(let message): members["message"] = message
        case .failed: members["error"] = Self.error(result, type: "api_error")
        case .invalid: members["error"] = Self.error(result, type: "invalid_request_error")
        case .expired, .cancelled: break
        }
        return ["custom_id": .string(result.customID), "result": .object(members)]
    }

    /// - Parameter type: The error's type when the provider gave none.
    private static func error(_ result: BatchLineResult, type: String) -> JSON {
        let said = result.response?["body"]?["error"]
        let named = result.response.map { Self.type(status: $0["status_code"]?.int ?? 500) }
        return [
            "type": "error",
            "error": ["type": .string(named ?? type), "message": said?["message"] ?? JSON(result.fault?.message)],
            "request_id": result.response?["request_id"] ?? .null,
        ]
    }

    /// The type that Anthropic's error page gives to a status.
    private static func type(status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 409: "conflict_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 504: "timeout_error"
        case 529: "overloaded_error"
        case 400..<500: "invalid_request_error"
        default: "api_error"
        }
    }
}
