import Documents

/// The batch lines of OpenAI (openai-openapi, BatchRequestInput and BatchRequestOutput).
struct OpenAIBatchFormat: BatchLineFormat {
    let name: String

    func isWritten(_ line: JSON) -> Bool {
        line["body"] != nil && (line["custom_id"] != nil || line["method"] != nil || line["url"] != nil)
    }

    func request(in line: JSON) throws(BatchLineFault) -> (body: JSON, endpoint: RequestEndpoint) {
        if let method = line["method"], method != "POST" {
            throw BatchLineFault("invalid_method", "method is \(method.text), and must be \"POST\"")
        }
        var endpoint = RequestEndpoint.chat
        if let url = line["url"] {
            guard let known = url.string.flatMap(RequestEndpoint.init(url:)) else {
                let names = RequestEndpoint.allCases.map { "\"\($0.url)\"" }.joined(separator: ", ")
                throw BatchLineFault("url_mismatch", "url is \(url.text), and must be one of \(names)")
            }
            endpoint = known
        }
        return (try checked(line["body"] ?? .null, "body", endpoint.neededMember), endpoint)
    }

    func resultLine(_ result: BatchLineResult) -> JSON {
        var (response, error) = (result.response ?? .null, result.response == nil ? result.faultJSON : .null)
        if case .succeeded(let body) = result.ending {
            response = ["status_code": 200, "request_id": body["id"] ?? .null, "body": body]
            error = .null
        }
        return [
            "id": .string("batch_req_\(result.job)_\(result.number)"), "custom_id": .string(result.customID),
            "response": response, "error": error,
        ]
    }
}
