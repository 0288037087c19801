import Documents
import Jobs

/// Parses server-sent events (WHATWG HTML, section 9.2) from bytes that arrive in pieces of any size.
///
/// It is lenient, because servers are: an event may follow the one before without an empty line if that one's data is a
/// complete JSON object, and the last event may lack its end.
struct EventStream {
    struct Event: Equatable {
        /// Empty when the server names none.
        var name = ""
        var data: [UInt8]
    }

    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8]?
    private var isFirstLine = true
    /// Whether the last byte was a carriage return: a line feed after it does not end another line.
    private var isAfterReturn = false

    /// Adds bytes, and returns the events that end in them.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            let isReturn = byte == UInt8(ascii: "\r")
            let isFeed = byte == UInt8(ascii: "\n")
            if isReturn || (isFeed && !isAfterReturn) {
                endLine(&events)
            } else if !isFeed {
                line.append(byte)
            }
            isAfterReturn = isReturn
        }
        return events
    }

    /// Ends the stream, and returns its last event: servers forget the empty line after it.
    mutating func finish() -> [Event] {
        var events: [Event] = []
        if !line.isEmpty { endLine(&events) }
        endEvent(&events)
        return events
    }

    private mutating func endEvent(_ events: inout [Event]) {
        if let data { events.append(Event(name: name, data: data)) }
        data = nil
        name = ""
    }

    private mutating func endLine(_ events: inout [Event]) {
        defer {
            line.removeAll(keepingCapacity: true)
            isFirstLine = false
        }
        if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        if line.isEmpty { return endEvent(&events) }
        let field = line.prefix { $0 != UInt8(ascii: ":") }
        var value = line.dropFirst(field.count + 1)
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        switch String(decoding: field, as: UTF8.self) {
        case "data":
            // Some servers end each event with one line feed instead of two.
            if let whole = data, value.first == UInt8(ascii: "{") || value.starts(with: "[DONE]".utf8),
                whole.first == UInt8(ascii: "{"), whole.last == UInt8(ascii: "}"),
                (try? JSONParser.parse(whole)) != nil
            {
                endEvent(&events)
            }
            if data?.append(UInt8(ascii: "\n")) == nil { data = [] }
            data?.append(contentsOf: value)
        case "event":
            name = String(decoding: value, as: UTF8.self)
        case "error":
            // llama.cpp and servers based on it send errors in a field of that name.
            endEvent(&events)
            events.append(Event(name: "error", data: Array(value)))
        default: break
        }
    }
}
