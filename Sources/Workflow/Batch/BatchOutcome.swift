package import Documents
package import Jobs
import OrderedCollections

/// The outcome of a line of a batch.
package enum BatchOutcome: Sendable {
    /// Why a line did not run to its end.
    package enum Unsettled: Sendable {
        case expired, cancelled
    }

    case succeeded(JSON)
    case failed(Failure)
    case fault(BatchLine.Fault)
    case unsettled(Unsettled)

    var isSuccess: Bool { if case .succeeded = self { true } else { false } }

    /// The `type` of a result of Anthropic's Message Batches.
    var anthropicType: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed, .fault: "errored"
        case .unsettled(.expired): "expired"
        case .unsettled(.cancelled): "canceled"
        }
    }

    /// The provider's HTTP response with the failure, when there was one.
    fileprivate var response: JSON? { if case .failed(let failure) = self { failure.response } else { nil } }

    /// The class of the failure; without meaning for a success.
    var failureClass: FailureClass { if case .failed(let failure) = self { failure.class } else { .permanent } }

    /// The code and message of the error; nil for a success.
    func error(_ line: BatchLine) -> (code: String, message: String)? {
        switch self {
        case .succeeded: nil
        case .failed(let failure): (failure.code ?? failure.class.rawValue, failure.message)
        case .fault(let fault): (fault.code, "line \(line.number): \(fault.message)")
        case .unsettled(.expired): ("batch_expired", "the job's deadline passed before this request was done")
        case .unsettled(.cancelled): ("batch_cancelled", "the job was cancelled before this request was done")
        }
    }
}

extension BatchLine {
    /// The line of the output or error file, in the format of the request (openai-openapi, BatchRequestOutput; the
    /// result types of Anthropic's SDK).
    func resultLine(_ outcome: BatchOutcome, job: JobID) -> JSON {
        let error = outcome.error(self).map { error -> JSON in
            ["code": .string(error.code), "message": .string(error.message)]
        }
        switch (dialect, outcome) {
        case (.anthropic, _): return ["custom_id": .string(id), "result": anthropicResult(outcome)]
        case (.input, .succeeded(let output)): return ["custom_id": .string(id), "output": output]
        case (.input, _): return ["custom_id": .string(id), "error": error ?? .null]
        case (.openAI, .succeeded(let body)):
            let response: JSON = ["status_code": 200, "request_id": body["id"] ?? .null, "body": body]
            return openAIResult(response, error: .null, job)
        case (.openAI, _):
            return openAIResult(outcome.response ?? .null, error: outcome.response == nil ? error ?? .null : .null, job)
        }
    }

    /// The row of the table of results.
    func resultRow(_ outcome: BatchOutcome, in table: BatchTable) -> [UInt8] {
        var output = ""
        if case .succeeded(let value) = outcome { output = value.isNull ? "" : value.string ?? value.text }
        return table.resultRow(cells ?? [], output: output, error: outcome.error(self)?.message ?? "")
    }

    private func openAIResult(_ response: JSON, error: JSON, _ job: JobID) -> JSON {
        [
            "id": .string("batch_req_\(job)_\(number)"), "custom_id": .string(id), "response": response,
            "error": error,
        ]
    }

    private func anthropicResult(_ outcome: BatchOutcome) -> JSON {
        var result: OrderedDictionary<String, JSON> = ["type": .string(outcome.anthropicType)]
        switch outcome {
        case .succeeded(let message): result["message"] = message
        case .failed, .fault:
            let said = outcome.response?["body"]?["error"]
            let type = outcome.response.map { Self.anthropicErrorType($0["status_code"]?.int ?? 500) }
            let isFault = if case .fault = outcome { true } else { false }
            let message = said?["message"] ?? JSON(outcome.error(self)?.message)
            result["error"] = [
                "type": "error",
                "error": [
                    "type": .string(type ?? (isFault ? "invalid_request_error" : "api_error")), "message": message,
                ],
                "request_id": outcome.response?["request_id"] ?? .null,
            ]
        case .unsettled: break
        }
        return .object(result)
    }

    /// The type that Anthropic's error page gives to a status.
    private static func anthropicErrorType(_ status: Int) -> String {
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
