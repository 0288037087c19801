import Documents
import Jobs
import OrderedCollections

/// The tool that the model must call with its answer, so that the answer of the Messages API fits a schema.
///
/// The API's own structured output (`output_config.format`) supports only a part of JSON Schema, and older models and
/// compatible servers lack it. Every server accepts a tool's schema unchanged.
struct AnthropicOutputTool {
    /// The member of the tool's input that holds a wrapped answer.
    private static let wrapper = "value"

    let toolName: String
    private let schema: JSON
    private let tools: [ToolDescription]

    /// Nil when the request has no schema, or has a ready body, which states its own output form.
    init?(_ request: ChatRequest) {
        guard let schema = request.outputSchema, request.body == nil else { return nil }
        var name = LegalName.ofSchema(schema["title"]?.string)
        while request.tools.contains(where: { $0.name == name }) { name += "_" }
        (toolName, self.schema, tools) = (name, schema, request.tools)
    }

    /// Whether the schema must be wrapped: a tool's input is an object, and its schema may have no `anyOf`, `oneOf` or
    /// `allOf` at the root.
    private var isWrapped: Bool {
        schema["type"] != "object" || ["anyOf", "oneOf", "allOf"].contains { schema[$0] != nil }
    }

    var tool: JSON {
        var input = schema
        if isWrapped {
            input = JSON(members: [
                ("type", "object"), ("properties", [Self.wrapper: schema]), ("required", [.string(Self.wrapper)]),
                // References in the schema are resolved from the root.
                ("$defs", schema["$defs"]), ("definitions", schema["definitions"]),
            ])
        }
        return [
            "name": .string(toolName), "description": "Takes the answer. Answer only by calling this tool.",
            "input_schema": ToolSchema.fitAnswer(input),
        ]
    }

    /// - Parameter thinks: Whether the model thinks first; the API then refuses a forced tool.
    func choice(thinks: Bool) -> JSON {
        if thinks { return ["type": "auto"] }
        if !tools.isEmpty { return ["type": "any"] }
        return ["type": "tool", "name": .string(toolName), "disable_parallel_tool_use": true]
    }

    /// The answer as text, from the arguments of the tool call.
    ///
    /// Arguments are a text everywhere, because a model may write any; so a wrapped answer is parsed, and is written
    /// again as the text that an answer without a wrapper would be.
    func text(of call: ModelToolCall) -> String {
        guard isWrapped, let input = try? JSONParser.parse(call.arguments.utf8), let value = input[Self.wrapper] else {
            return call.arguments
        }
        return value.text
    }
}
