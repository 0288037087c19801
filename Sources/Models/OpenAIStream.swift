import Jobs
import OrderedCollections

/// Puts the chunks of a streamed chat completion together to the whole one.
struct OpenAIStream: AnswerAssembly {
    /// More choices, or tool calls in all of them, than any answer has; a server that counts further must not use up the
    /// memory.
    static let indexMax = 1_023

    fileprivate struct Call {
        var members: OrderedDictionary<String, JSON> = [:]
        var name = ""
        var arguments = ""
    }

    /// Texts are kept apart from other JSON, so that they can grow in place.
    fileprivate struct Choice {
        var finishReason: JSON = .null
        var role = "assistant"
        var texts: OrderedDictionary<String, String> = [:]
        var calls: [Call] = []
        var messageMembers: OrderedDictionary<String, JSON> = [:]
        var logprobs: OrderedDictionary<String, [JSON]> = [:]
        var members: OrderedDictionary<String, JSON> = [:]
    }

    private var members: OrderedDictionary<String, JSON> = [:]
    private var choices: [Choice] = []
    private(set) var usage: JSON?

    /// The stream's end is no chunk.
    var isDone: Bool { false }

    mutating func take(_ chunk: JSON) throws(StreamFault) {
        guard let object = chunk.object else { throw .garbage("a chunk is \(chunk.kindName)") }
        for (name, value) in object where !value.isNull {
            switch name {
            case "object": break
            case "choices":
                for choice in value.array ?? [] { try take(choice: choice) }
            case "usage": usage = value
            default: members[name] = value
            }
        }
    }

    private mutating func take(choice: JSON) throws(StreamFault) {
        let index = choice["index"]?.int ?? 0
        guard (0...Self.indexMax).contains(index) else { throw .garbage("a choice has the index \(index)") }
        while choices.count <= index { choices.append(Choice()) }
        for (name, value) in choice.object ?? [:] where !value.isNull {
            switch name {
            case "index": break
            case "delta":
                try choices[index].take(delta: value)
                let calls = choices.reduce(0) { $0 + $1.calls.count }
                if calls > Self.indexMax + 1 { throw .garbage("it has \(calls) tool calls") }
            case "finish_reason": choices[index].finishReason = value
            case "logprobs":
                for (part, list) in value.object ?? [:] {
                    choices[index].logprobs[part, default: []] += list.array ?? []
                }
            default: choices[index].members[name] = value
            }
        }
    }

    var answer: JSON {
        var answer = members
        answer["object"] = "chat.completion"
        answer["choices"] = .array(choices.enumerated().map { $1.json(index: $0) })
        answer["usage"] = usage
        return .object(answer)
    }
}

extension OpenAIStream.Choice {
    mutating func take(delta: JSON) throws(StreamFault) {
        for (name, value) in delta.object ?? [:] {
            switch (name, value) {
            case ("role", .string(let text)): role = text
            case ("tool_calls", .array(let pieces)):
                for piece in pieces { try take(piece: piece) }
            case (_, .string(let text)): texts[name, default: ""] += text
            case (_, .array(let list)): messageMembers[name] = .array((messageMembers[name]?.array ?? []) + list)
            case (_, .null): break
            default: messageMembers[name] = value
            }
        }
    }

    private mutating func take(piece: JSON) throws(StreamFault) {
        // Some servers leave the index out: then a new id begins a new call.
        let isNew = piece["id"]?.string.map { !$0.isEmpty && calls.last?.members["id"] != .string($0) } ?? calls.isEmpty
        let index = piece["index"]?.int ?? (isNew ? calls.count : calls.count - 1)
        guard (0...OpenAIStream.indexMax).contains(index) else { throw .garbage("a tool call has the index \(index)") }
        while calls.count <= index { calls.append(OpenAIStream.Call()) }
        for (name, value) in piece.object ?? [:] where name != "index" && name != "function" && !value.isNull {
            if calls[index].members[name] == nil { calls[index].members[name] = value }
        }
        let function = piece["function"]
        if calls[index].name.isEmpty { calls[index].name = function?["name"]?.string ?? "" }
        if let arguments = function?["arguments"], !arguments.isNull {
            calls[index].arguments += arguments.string ?? arguments.text
        }
    }

    func json(index: Int) -> JSON {
        var message: OrderedDictionary<String, JSON> = ["role": .string(role), "content": .null]
        for (name, text) in texts { message[name] = .string(text) }
        if !calls.isEmpty {
            message["tool_calls"] = .array(
                calls.map { call in
                    var members = call.members
                    members["function"] = ["name": .string(call.name), "arguments": .string(call.arguments)]
                    return .object(members)
                }
            )
        }
        message.merge(messageMembers) { first, _ in first }
        var choice: OrderedDictionary<String, JSON> = ["index": .int(Int64(index)), "message": .object(message)]
        if !logprobs.isEmpty { choice["logprobs"] = .object(logprobs.mapValues { .array($0) }) }
        choice["finish_reason"] = finishReason
        choice.merge(members) { first, _ in first }
        return .object(choice)
    }
}
