import Documents
import Jobs
import OrderedCollections

/// The body of a request to `chat/completions`.
enum OpenAIRequest {
    /// - Parameters:
    ///   - parameters: From the model's settings; members of the request take precedence.
    ///   - isStreamed: Whether to request a stream; the member `stream` of a ready body is ignored.
    ///   - structured: How the request conveys a schema for the answer.
    ///   - replaysOriginals: Whether the model's own turns are sent back unchanged, or only as text and calls.
    /// - Throws: ``Failure``, permanent, for a ready body that this provider would misread.
    static func body(
        _ request: ChatRequest,
        model: String,
        parameters: JSON,
        isStreamed: Bool = false,
        structured: StructuredOutputMode = .jsonSchema,
        replaysOriginals: Bool = true
    ) throws(Failure) -> JSON {
        var members: OrderedDictionary<String, JSON> = ["model": .string(model)]
        if let body = request.body {
            try check(body)
            for (name, value) in body.object ?? [:] where name != "model" { members[name] = value }
        } else {
            let author = replaysOriginals ? OpenAIProvider().author(model) : nil
            let messages = structured.messages(request.messages, schema: request.outputSchema)
            members["messages"] = .array(messages.map { OpenAIMessage.json($0, author: author) })
            if !request.tools.isEmpty { members["tools"] = .array(request.tools.map(tool)) }
            if let schema = request.outputSchema { members["response_format"] = responseFormat(schema, structured) }
        }
        // OpenAI refuses a request with both names of the limit.
        let limits = ["max_tokens", "max_completion_tokens"]
        let hasLimit = limits.contains { members[$0] != nil }
        for (name, value) in parameters.object ?? [:] where members[name] == nil {
            if hasLimit && limits.contains(name) { continue }
            members[name] = value
        }
        members["stream"] = isStreamed ? true : JSON?.none
        members["stream_options"] = isStreamed ? ["include_usage": true] : JSON?.none
        return .object(members)
    }

    private static func check(_ body: JSON) throws(Failure) {
        guard let members = body.object else {
            throw Failure(
                .permanent,
                "the line's body is \(body.kindName)",
                hint: "Each line of the batch needs a body that is an object, with messages."
            )
        }
        // Servers ignore members that they do not know, so the model would answer without its instructions.
        if members["system"] != nil {
            throw Failure(
                .permanent,
                "the line is in Anthropic's form, and the model's provider speaks OpenAI's",
                hint: "Write the system text as the first of messages, with the role system."
            )
        }
    }

    private static func tool(_ tool: ToolDescription) -> JSON {
        [
            "type": "function",
            "function": [
                "name": .string(tool.name), "description": .string(tool.description),
                "parameters": ToolSchema.fit(tool.parameters),
            ],
        ]
    }

    /// Without `strict`: OpenAI's strict mode supports only a part of JSON Schema.
    private static func responseFormat(_ schema: JSON, _ form: StructuredOutputMode) -> JSON? {
        switch form {
        case .jsonSchema:
            let name = LegalName.ofSchema(schema["title"]?.string)
            return [
                "type": "json_schema",
                "json_schema": ["name": .string(name), "schema": ToolSchema.fitAnswer(schema)],
            ]
        case .jsonObject: return ["type": "json_object"]
        case .prompt: return nil
        }
    }
}
