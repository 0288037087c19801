package import Documents
import Jobs
import Models

/// The record of one turn of an agent's model: enough to go on with the conversation after any crash.
///
/// It is the output of the turn's step: `text`, `tool_calls`, and `turn` where the model sent more that must go back to
/// it unchanged (reasoning, signatures).
package struct TurnRecord: Sendable, Equatable {
    package var text: String
    var calls: [ModelToolCall]
    var original: RawAssistantMessage?

    init(_ answer: ChatAnswer) { (text, calls, original) = (answer.text, answer.toolCalls, answer.original) }

    /// Reads the output of a step; missing members are empty.
    package init(json: JSON) {
        text = json["text"]?.string ?? ""
        calls = (json["tool_calls"]?.array ?? []).map { call in
            ModelToolCall(
                id: call["id"]?.string ?? "",
                name: call["name"]?.string ?? "",
                arguments: call["arguments"]?.string ?? ""
            )
        }
        original = RawAssistantMessage(json: json["turn"])
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

    /// The model's reasoning in the turn; empty where it sent none.
    package var reasoning: String { original?.reasoning ?? "" }

    /// The assistant's message for the conversation, with the tool names of the request in its calls.
    ///
    /// The provider would refuse a misspelled name in the conversation, even one that was understood before.
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
