import Jobs
import OrderedCollections

/// Puts the events of a streamed message of the Messages API together to the whole one.
struct AnthropicStream: AnswerAssembly {
    /// Texts are kept apart from other JSON, so that they can grow in place.
    fileprivate struct Block {
        var members: OrderedDictionary<String, JSON>
        var texts: OrderedDictionary<String, String> = [:]
        var citations: [JSON] = []
        var input = ""
    }

    private var message: OrderedDictionary<String, JSON>?
    private var blocks: [Block] = []
    private var usageMembers: OrderedDictionary<String, JSON> = [:]
    private(set) var isDone = false

    var usage: JSON? { usageMembers.isEmpty ? nil : .object(usageMembers) }

    mutating func take(_ event: JSON) throws(StreamFault) {
        switch event["type"]?.string {
        case "message_start":
            message = event["message"]?.object ?? [:]
            take(usage: message?["usage"])
        case "content_block_start":
            guard let block = event["content_block"]?.object, event["index"]?.int == blocks.count else {
                throw .garbage("a block of the stream is out of order")
            }
            blocks.append(Block(members: block))
        case "content_block_delta":
            guard let index = event["index"]?.int, blocks.indices.contains(index) else {
                throw .garbage("a piece of the stream belongs to no block")
            }
            blocks[index].take(delta: event["delta"])
        case "message_delta":
            for (name, value) in event["delta"]?.object ?? [:] { message?[name] = value }
            take(usage: event["usage"])
        case "message_stop": isDone = true
        // `ping`, and what may come: clients are told to skip events that they do not know.
        default: break
        }
    }

    /// The counts are totals; those that an event leaves out stay.
    private mutating func take(usage: JSON?) {
        for (name, value) in usage?.object ?? [:] where !value.isNull { usageMembers[name] = value }
    }

    var answer: JSON {
        var answer = message ?? [:]
        answer["content"] = .array(blocks.map(\.json))
        answer["usage"] = usage
        return .object(answer)
    }
}

extension AnthropicStream.Block {
    mutating func take(delta: JSON?) {
        for (name, value) in delta?.object ?? [:] where name != "type" {
            switch (name, value) {
            case ("partial_json", .string(let text)): input += text
            case ("citation", _): citations.append(value)
            case (_, .string(let text)): texts[name, default: ""] += text
            default: members[name] = value
            }
        }
    }

    var json: JSON {
        var block = members
        for (name, text) in texts { block[name] = .string((block[name]?.string ?? "") + text) }
        if !citations.isEmpty { block["citations"] = .array((block["citations"]?.array ?? []) + citations) }
        // What is no JSON stays a text, for the workflow to judge.
        if !input.isEmpty { block["input"] = (try? JSONParser.parse(input.utf8)) ?? .string(input) }
        return .object(block)
    }
}
