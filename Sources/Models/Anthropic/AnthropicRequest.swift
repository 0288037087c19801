import Documents
import Jobs
import OrderedCollections

/// The body of a request to `v1/messages`.
enum AnthropicRequest {
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
            let system = request.messages.filter { $0.role == .system }.map(\.content).joined(separator: "\n\n")
            if !system.isEmpty { members["system"] = .string(system) }
            let asked = structured.messages(request.messages, schema: request.outputSchema)
            let author = replaysOriginals ? AnthropicProvider().author(model) : nil
            members["messages"] = .array(messages(asked, author: author))
            var tools = request.tools.map(tool)
            if structured == .jsonSchema, let output = AnthropicOutputTool(request) {
                tools.append(output.tool)
                let thinking = parameters["thinking"]?["type"]?.string
                members["tool_choice"] = output.choice(thinks: thinking != nil && thinking != "disabled")
            }
            if !tools.isEmpty { members["tools"] = .array(tools) }
        }
        for (name, value) in parameters.object ?? [:] where members[name] == nil { members[name] = value }
        if members["max_tokens"] == nil { members["max_tokens"] = .int(Int64(Usage.outputTokensDefault)) }
        members["stream"] = isStreamed ? true : JSON?.none
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
        let isOpenAI =
            ["response_format", "max_completion_tokens", "stream_options"].contains { members[$0] != nil }
            || (members["tools"]?.array ?? []).contains { $0["function"] != nil }
            || (members["messages"]?.array ?? []).contains { message in
                ["system", "developer", "tool"].contains(message["role"]?.string) || message["tool_calls"] != nil
            }
        if isOpenAI {
            throw Failure(
                .permanent,
                "the line is in OpenAI's form, and the model's provider speaks Anthropic's",
                hint: "Write the system text as the member system, and tools as the Messages API has them."
            )
        }
    }

    /// Joins consecutive messages of one role, because user and assistant must alternate.
    ///
    /// So all results of one turn's calls are in one message, as the API requires.
    private static func messages(_ messages: [ChatMessage], author: String?) -> [JSON] {
        var turns: [(role: String, blocks: [JSON])] = []
        for message in messages where message.role != .system {
            let role = message.role == .assistant ? "assistant" : "user"
            let blocks = AnthropicMessage.blocks(message, author: author)
            if turns.last?.role == role {
                turns[turns.count - 1].blocks += blocks
            } else if !blocks.isEmpty {
                turns.append((role, blocks))
            }
        }
        answerCalls(&turns)
        return turns.map { ["role": .string($0.role), "content": .array($0.blocks)] }
    }

    /// Adds an error result for each call without a result, because the API requires one in the next message.
    ///
    /// The call of the output tool has none when its answer did not fit the schema.
    private static func answerCalls(_ turns: inout [(role: String, blocks: [JSON])]) {
        for place in turns.indices.dropLast() where turns[place].role == "assistant" {
            let answered = turns[place + 1].blocks.compactMap { $0["tool_use_id"]?.string }
            let open = turns[place].blocks.filter { $0["type"] == "tool_use" }.compactMap { $0["id"]?.string }
                .filter { !answered.contains($0) }
            let results = open.map { AnthropicMessage.result(of: $0, "This was not taken.", isError: true) }
            turns[place + 1].blocks.insert(contentsOf: results, at: 0)
        }
    }

    private static func tool(_ tool: ToolDescription) -> JSON {
        [
            "name": .string(tool.name), "description": .string(tool.description),
            "input_schema": ToolSchema.fit(tool.parameters),
        ]
    }
}
