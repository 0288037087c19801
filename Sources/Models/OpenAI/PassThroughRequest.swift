import Documents
import Jobs
import OrderedCollections

/// Handles batch lines for endpoints other than chat completions.
///
/// Body and answer are passed on as they are, except for the members `model`, `stream` and `stream_options` of the
/// body.
enum PassThroughRequest {
    /// - Throws: ``Failure``, permanent, for a line whose body is no object.
    static func body(_ request: ChatRequest, model: String) throws(Failure) -> JSON {
        guard var members = request.body?.object else {
            throw Failure(.permanent, "the line's body is no object")
        }
        members["model"] = .string(model)
        members["stream"] = nil
        members["stream_options"] = nil
        return .object(members)
    }

    /// Checks that a text completion has choices, and marks or rejects one that a limit cut.
    private static func check(
        completion json: JSON,
        _ answer: inout ChatAnswer,
        for request: ChatRequest,
        _ reading: AnswerContext
    ) throws(Failure) {
        guard let choice = json["choices"]?.array?.first else { throw .brokenAnswer("it has no choices") }
        guard let finish = choice["finish_reason"]?.string, case .cut? = FinishReason(finish) else { return }
        let note = "the answer was cut at a limit (\(finish)), so it is not whole"
        guard request.onTruncated ?? reading.onTruncated != .fail else {
            throw Failure(.permanent, note, hint: "raise max_tokens in the line, or ask for less", usage: answer.usage)
        }
        answer.facts = AnswerMetadata(finishReason: finish, isTruncated: true, note: note)
    }

    /// Reads an answer.
    ///
    /// An incomplete response of `/v1/responses` was cut: it is kept and marked, or fails if the settings say so.
    ///
    /// - Throws: ``Failure``, permanent, for a response that did not complete; the failure keeps what came.
    static func read(_ json: JSON, for request: ChatRequest, _ reading: AnswerContext) throws(Failure) -> ChatAnswer {
        let written = request.endpoint == .embeddings ? 0 : json.bytes.count
        let usage = reading.completed(OpenAIUsage.read(json), outputBytes: written)
        var answer = ChatAnswer(text: "", usage: usage, model: json["model"]?.string ?? reading.model, body: json)
        if request.endpoint == .completions { try check(completion: json, &answer, for: request, reading) }
        guard request.endpoint == .responses, let status = json["status"]?.string, status != "completed" else {
            return answer
        }
        let reason = json["incomplete_details"]?["reason"]?.string ?? json["error"]?["message"]?.string
        let note = "the response is \(status)\(reason.map { ": \($0)" } ?? ""), so it is not whole"
        if status == "incomplete", request.onTruncated ?? reading.onTruncated != .fail {
            answer.facts = AnswerMetadata(finishReason: reason ?? status, isTruncated: true, note: note)
            return answer
        }
        var failure = Failure(
            .permanent,
            note,
            hint: "raise max_output_tokens in the line, or ask for less",
            usage: usage
        )
        failure.code = "incomplete_response"
        failure.response = ["status_code": 200, "request_id": json["id"] ?? .null, "body": json]
        throw failure
    }
}
