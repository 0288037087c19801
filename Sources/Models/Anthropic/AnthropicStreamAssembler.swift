import Documents
import Jobs
import OrderedCollections

/// Assembles the events of a Messages API stream into the whole message, in any order, even if a server leaves some
/// out.
struct AnthropicStreamAssembler: StreamAssembler {
    private var message: OrderedDictionary<String, JSON> = [:]
    private var blocks: [StreamedBlock] = []
    /// The position in ``blocks`` for each index of an event.
    private var places: [Int: Int] = [:]
    private var usageMembers: OrderedDictionary<String, JSON> = [:]
    private(set) var isDone = false
    /// True once the message has a stop reason.
    private(set) var isWhole = false

    var usage: JSON? { usageMembers.isEmpty ? nil : .object(usageMembers) }

    mutating func take(_ event: JSON) throws(StreamFault) {
        guard event.object != nil else { throw .garbage("an event is \(event.kindName)") }
        if event["type"] == "message_delta", FinishReason.isGiven(event.value(at: ["delta", "stop_reason"])) {
            isWhole = true
        }
        switch event["type"]?.string ?? Self.type(of: event) {
        case "message_start": start(event["message"])
        case "content_block_start": try begin(event)
        case "content_block_delta":
            try take(delta: event["delta"], at: event["index"])
        case "message_delta":
            add(event["delta"])
            take(usage: event["delta"]?["usage"])
            take(usage: event["usage"])
        case "message_stop": isDone = true
        // Some gateways send the whole message in one event.
        case "message" where event["content"] != nil: start(event)
        // `ping` and future events: the API tells clients to ignore events that they do not know.
        default: break
        }
    }

    /// The type of an event by its members: some servers send the type only in the event's name, not in its data.
    private static func type(of event: JSON) -> String? {
        if event["message"]?.object != nil { return "message_start" }
        if event["content_block"] != nil { return "content_block_start" }
        if event["delta"] != nil { return event["index"] == nil ? "message_delta" : "content_block_delta" }
        return nil
    }

    private mutating func start(_ message: JSON?) {
        add(message)
        take(usage: message?["usage"])
        for block in message?["content"]?.array ?? [] { blocks.append(StreamedBlock(block.object ?? [:])) }
    }

    /// Adds members; a null value, or a stop_reason that means none, does not overwrite an earlier value.
    private mutating func add(_ members: JSON?) {
        for (name, value) in members?.object ?? [:] {
            if name == "content" {
                // This only keeps the member's position; the blocks are added at the end.
                message[name] = []
                continue
            }
            let isNothing = value.isNull || (name == "stop_reason" && value.string.map(FinishReason.isNothing) == true)
            if isNothing, message[name] != nil { continue }
            message[name] = value
        }
    }

    private mutating func begin(_ event: JSON) throws(StreamFault) {
        guard let block = event["content_block"]?.object else { throw .garbage("a block of the stream has no content") }
        try append(StreamedBlock(block), at: event["index"])
    }

    private mutating func append(_ block: StreamedBlock, at index: JSON?) throws(StreamFault) {
        if blocks.count > StreamLimits.partsMax { throw .garbage("it has \(blocks.count) blocks") }
        places[Self.number(index) ?? blocks.count] = blocks.count
        blocks.append(block)
    }

    private mutating func take(delta: JSON?, at index: JSON?) throws(StreamFault) {
        guard let delta, delta.object != nil else { return }
        if let place = Self.number(index).map({ places[$0] }) ?? (blocks.isEmpty ? nil : blocks.count - 1) {
            blocks[place].take(delta)
            return
        }
        guard let kind = StreamedBlock.kind(of: delta) else {
            throw .garbage("a piece of the stream belongs to no block")
        }
        var block = StreamedBlock(["type": .string(kind)])
        block.take(delta)
        try append(block, at: index)
    }

    private static func number(_ json: JSON?) -> Int? { json?.int ?? json?.string.flatMap { Int($0) } }

    /// Counts are totals; one that an event leaves out, or sends as 0 after a larger one, stays.
    private mutating func take(usage: JSON?) {
        for (name, value) in usage?.object ?? [:] where !value.isNull {
            if value.int == 0, usageMembers[name]?.int ?? 0 > 0 { continue }
            usageMembers[name] = value
        }
    }

    var answer: JSON {
        var answer = message
        answer["content"] = .array(blocks.map(\.json))
        answer["usage"] = usage
        return .object(answer)
    }
}
