import Documents
import Jobs
import OrderedCollections

/// Assembles the chunks of a streamed chat completion into the whole one.
struct OpenAIStreamAssembler: StreamAssembler {
    private var members: OrderedDictionary<String, JSON> = [:]
    private var choices: [StreamedChoice] = []
    private var usageMembers: OrderedDictionary<String, JSON> = [:]
    /// The indices of the choices that have begun and not ended, and of those that have ended.
    private var (open, ended): (Set<Int>, Set<Int>) = ([], [])

    /// The end of the stream is `[DONE]`, which is not a chunk.
    var isDone: Bool { false }

    /// True once every choice that began has a finish reason.
    var isWhole: Bool { !ended.isEmpty && open.isEmpty }

    var usage: JSON? { usageMembers.isEmpty ? nil : .object(usageMembers) }

    mutating func take(_ chunk: JSON) throws(StreamFault) {
        guard let object = chunk.object else { throw .garbage("a chunk is \(chunk.kindName)") }
        for (name, value) in object where !value.isNull {
            switch name {
            case "object": break
            case "choices":
                for choice in value.array ?? [] {
                    try take(choice: choice)
                    noteEnd(of: choice)
                }
            case "usage": take(usage: value)
            case "x_groq":
                take(usage: value["usage"])
                members[name] = value
            default: members[name] = value
            }
        }
    }

    private mutating func take(choice: JSON) throws(StreamFault) {
        guard choice.object != nil else { return }
        let index = choice["index"]?.int ?? choice["index"]?.string.flatMap { Int($0) } ?? 0
        guard (0...StreamLimits.partsMax).contains(index) else { throw .garbage("a choice has the index \(index)") }
        while choices.count <= index { choices.append(StreamedChoice()) }
        // Some servers report usage inside the choice.
        take(usage: choice["usage"])
        try choices[index].take(choice)
        let calls = choices.reduce(0) { $0 + $1.callCount }
        if calls > StreamLimits.partsMax + 1 { throw .garbage("it has \(calls) tool calls") }
    }

    private mutating func noteEnd(of choice: JSON) {
        let index = choice["index"]?.int ?? 0
        if FinishReason.isGiven(choice["finish_reason"]) {
            ended.insert(index)
            open.remove(index)
        } else if !ended.contains(index) {
            open.insert(index)
        }
    }

    /// Counts are totals; one that a chunk leaves out, or sends as 0 after a larger one, stays.
    private mutating func take(usage: JSON?) {
        for (name, value) in usage?.object ?? [:] where !value.isNull {
            if value.int == 0, usageMembers[name]?.int ?? 0 > 0 { continue }
            usageMembers[name] = value
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
