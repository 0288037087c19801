import Jobs
import OrderedCollections

/// A tool that the model must call with its answer: how the Messages API is made to answer in the shape of a schema.
///
/// Its own structured output (`output_config.format`) takes only a part of JSON Schema, refuses the rest, and is not
/// there with older models and look-alikes; a tool's schema is taken as it is, everywhere.
struct AnthropicOutput {
    /// What fits no tool's input stands in this member of it.
    private static let wrapper = "value"

    let toolName: String
    private let schema: JSON
    private let tools: [ToolDescription]

    /// Nil when no schema is to be met, or when the request says itself how.
    init?(_ request: ChatRequest) {
        guard let schema = request.outputSchema, request.body == nil else { return nil }
        var name = OpenAIRequest.schemaName(schema["title"]?.string)
        while request.tools.contains(where: { $0.name == name }) { name += "_" }
        (toolName, self.schema, tools) = (name, schema, request.tools)
    }

    /// A tool's input is an object, and its schema may not begin with a choice between schemas.
    private var isWrapped: Bool {
        schema["type"] != "object" || ["anyOf", "oneOf", "allOf"].contains { schema[$0] != nil }
    }

    var tool: JSON {
        var input = schema
        if isWrapped {
            input = JSON(members: [
                ("type", "object"), ("properties", [Self.wrapper: schema]), ("required", [.string(Self.wrapper)]),
                // References inside of the schema count from the root.
                ("$defs", schema["$defs"]), ("definitions", schema["definitions"]),
            ])
        }
        return [
            "name": .string(toolName), "description": "Takes the answer. Answer only by calling this tool.",
            "input_schema": ToolSchema.fitAnswer(input),
        ]
    }

    /// - Parameter thinks: A model that thinks first refuses to be forced.
    func choice(thinks: Bool) -> JSON {
        if thinks { return ["type": "auto"] }
        if !tools.isEmpty { return ["type": "any"] }
        return ["type": "tool", "name": .string(toolName), "disable_parallel_tool_use": true]
    }

    /// The answer as text, from what the tool was called with.
    func text(of call: ModelToolCall) -> String {
        guard isWrapped, let input = try? JSONParser.parse(call.arguments.utf8), let value = input[Self.wrapper] else {
            return call.arguments
        }
        return value.text
    }
}
