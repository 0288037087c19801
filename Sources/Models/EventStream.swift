/// Cuts server-sent events (WHATWG HTML, section 9.2) out of bytes that come in any pieces.
///
/// Only their data counts here: both dialects name an event's kind inside of it too.
struct EventStream {
    private var line: [UInt8] = []
    private var data: [UInt8]?
    private var isFirstLine = true
    /// A line feed that follows a carriage return ends no line of its own.
    private var isAfterReturn = false

    /// The data of each event that ends in `bytes`.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            let isReturn = byte == UInt8(ascii: "\r")
            let isFeed = byte == UInt8(ascii: "\n")
            if isReturn || (isFeed && !isAfterReturn) {
                if let event = endLine() { events.append(event) }
            } else if !isFeed {
                line.append(byte)
            }
            isAfterReturn = isReturn
        }
        return events
    }

    /// The event's data, where an empty line ends one.
    private mutating func endLine() -> [UInt8]? {
        defer {
            line.removeAll(keepingCapacity: true)
            isFirstLine = false
        }
        if isFirstLine, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        if line.isEmpty {
            defer { data = nil }
            return data
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        guard name.elementsEqual("data".utf8) else { return nil }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        data = data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
        return nil
    }
}
