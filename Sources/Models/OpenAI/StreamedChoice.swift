import Documents
import Jobs
import OrderedCollections

/// Assembles one choice of a streamed chat completion.
struct StreamedChoice {
    private var finishReason: JSON = .null
    private var role = "assistant"
    private var content = StreamedContent()
    /// Texts are kept apart from other JSON, so that they can grow in place.
    private var texts: OrderedDictionary<String, String> = [:]
    private var calls = StreamedToolCalls()
    /// The call in the older form `function_call`.
    private var functionCall = StreamedToolCalls()
    private var messageMembers: OrderedDictionary<String, JSON> = [:]
    private var logprobs: OrderedDictionary<String, [JSON]> = [:]
    private var members: OrderedDictionary<String, JSON> = [:]
    private var hasDelta = false

    var callCount: Int { calls.count + functionCall.count }

    mutating func take(_ choice: JSON) throws(StreamFault) {
        for (name, value) in choice.object ?? [:] where !value.isNull {
            switch name {
            case "index", "usage": break
            case "delta":
                hasDelta = hasDelta || value["content"]?.isNull == false || value["tool_calls"]?.isNull == false
                try take(delta: value)
            case "message": try take(message: value)
            // The older form of text completions.
            case "text": content.take(value)
            case "finish_reason":
                // A server may send an empty reason after the real one.
                guard let text = value.string, FinishReason.isNothing(text) else {
                    finishReason = value
                    break
                }
                if finishReason.isNull { finishReason = value }
            case "logprobs":
                for (part, list) in value.object ?? [:] { logprobs[part, default: []] += list.array ?? [] }
            default: members[name] = value
            }
        }
    }

    private mutating func take(delta: JSON) throws(StreamFault) {
        for (name, value) in delta.object ?? [:] {
            switch (name, value) {
            case ("role", .string(let text)): if !text.isEmpty { role = text }
            case ("content", _): content.take(value)
            case ("tool_calls", .array(let pieces)): try calls.take(pieces)
            case ("tool_calls", .object): try calls.take([value])
            case ("function_call", .object): try functionCall.take([value])
            case (_, .string(let text)): texts[name, default: ""] += text
            case ("thinking_blocks", .array(let list)), ("reasoning_details", .array(let list)):
                var parts = messageMembers[name]?.array ?? []
                for part in list { StreamedParts.add(part, to: &parts) }
                messageMembers[name] = .array(parts)
            case (_, .array(let list)): messageMembers[name] = .array((messageMembers[name]?.array ?? []) + list)
            case (_, .null): break
            default: messageMembers[name] = value
            }
        }
    }

    /// Takes a whole message: some servers send one at the end, and some send messages instead of deltas.
    private mutating func take(message: JSON) throws(StreamFault) {
        guard message.object != nil else { return }
        if hasDelta {
            var whole = StreamedChoice()
            try whole.take(delta: message)
            if !whole.content.isEmpty { content = whole.content }
            if !whole.calls.isEmpty { calls = whole.calls }
            if !whole.functionCall.isEmpty { functionCall = whole.functionCall }
            texts.merge(whole.texts) { first, second in second.isEmpty ? first : second }
            messageMembers.merge(whole.messageMembers) { _, second in second }
            return
        }
        if let before = content.json.string, let now = message["content"]?.string, !before.isEmpty,
            now.hasPrefix(before)
        {
            content = StreamedContent()
        }
        try take(delta: message)
    }

    /// The choice as a whole chat completion holds it.
    func json(index: Int) -> JSON {
        var message: OrderedDictionary<String, JSON> = ["role": .string(role), "content": content.json]
        for (name, text) in texts { message[name] = .string(text) }
        if !calls.isEmpty { message["tool_calls"] = .array(calls.json) }
        if let call = functionCall.json.first { message["function_call"] = call["function"] ?? .null }
        message.merge(messageMembers) { first, _ in first }
        var choice: OrderedDictionary<String, JSON> = ["index": .int(Int64(index)), "message": .object(message)]
        if !logprobs.isEmpty { choice["logprobs"] = .object(logprobs.mapValues { .array($0) }) }
        choice["finish_reason"] = finishReason
        choice.merge(members) { first, _ in first }
        return .object(choice)
    }
}
