package import Jobs
import Models

/// What is recorded of one turn of an agent's model: enough to go on with the conversation after any crash.
///
/// It is the output of the turn's step: `text`, `tool_calls`, and `turn` where the model sent more than these two, which
/// it wants back as it was (thoughts, signatures).
package struct TurnRecord: Sendable, Equatable {
    package var text: String
    var calls: [ModelToolCall]
    var original: OriginalTurn?

    init(_ answer: ChatAnswer) { (text, calls, original) = (answer.text, answer.toolCalls, answer.original) }

    /// Reads the output of a step; what is missing is empty.
    package init(json: JSON) {
        text = json["text"]?.string ?? ""
        calls = (json["tool_calls"]?.array ?? []).map { call in
            ModelToolCall(
                id: call["id"]?.string ?? "",
                name: call["name"]?.string ?? "",
                arguments: call["arguments"]?.string ?? ""
            )
        }
        original = OriginalTurn(json: json["turn"])
    }

    var json: JSON {
        JSON(members: [
            ("text", .string(text)),
            (
                "tool_calls",
                .array(
                    calls.map { call in
                        ["id": .string(call.id), "name": .string(call.name), "arguments": .string(call.arguments)]
                    }
                )
            ),
            ("turn", original?.json),
        ])
    }

    /// What the model thought in the turn; empty where it did not say.
    package var reasoning: String { original?.reasoning ?? "" }

    /// The assistant's message of the conversation, with the calls under the names by which the model knows the tools:
    /// a name that was forgiven once would be refused in the history.
    func message(tools: [String]) -> ChatMessage {
        let known = calls.map { call in
            let name = ModelToolName.tool(call.name, amongst: tools).map(ModelToolName.text)
            return ModelToolCall(id: call.id, name: name ?? call.name, arguments: call.arguments)
        }
        var message = ChatMessage(.assistant, text, toolCalls: known)
        message.original = original
        return message
    }
}
