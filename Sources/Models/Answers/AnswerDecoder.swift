import Documents
import Jobs

/// Parses an answer by its bytes and not only by its content type: servers and proxies label events as JSON, and JSON
/// as events.
struct AnswerDecoder {
    private enum Shape {
        case unknown, events, whole
    }

    /// What a stream of events may begin with.
    private static let eventBeginnings = [":", "data:", "event:", "error:", "id:", "retry:"].map { Array($0.utf8) }
    /// How many bytes are kept while no event has been read: the answer may be an error in plain text.
    private static let headMax = 16 << 10

    private let saysStream: Bool
    private var shape = Shape.unknown
    /// All bytes of an answer that is no stream, or the first bytes of one that may be a stream.
    private var bytes: [UInt8] = []
    private var events = EventStream()
    private var assembly: any StreamAssembler
    private var count = 0
    /// How many events carried a part of the answer; pings and comments do not count.
    private(set) var words = 0

    init(_ provider: any HTTPProvider, saysStream: Bool) {
        self.saysStream = saysStream
        assembly = provider.streamAssembler()
    }

    /// True once the answer is known to come in events.
    var isStream: Bool { shape == .events }
    /// True once the answer is complete; only its usage may still be missing.
    var isWhole: Bool { assembly.isWhole }
    /// The usage that the provider has reported so far.
    var usage: JSON? { assembly.usage }
    /// The answer assembled from the events so far.
    var streamed: JSON { assembly.answer }

    /// - Returns: Whether the event that ends the stream has come.
    /// - Throws: ``StreamFault``, ``ConnectionFailure/AnswerTooLarge``.
    mutating func take(_ part: some Collection<UInt8>) throws -> Bool {
        count += part.count
        let bytesMax = shape == .events ? ProviderCall.streamBytesMax : ProviderCall.answerBytesMax
        if count > bytesMax { throw ConnectionFailure.AnswerTooLarge(bytesMax: bytesMax) }
        switch shape {
        case .events:
            if words == 0, bytes.count < Self.headMax { bytes += part }
            return try take(events.append(part))
        case .whole:
            bytes += part
            return false
        case .unknown:
            bytes += part
            shape = Self.shape(of: bytes, saysStream: saysStream)
            if shape == .unknown, bytes.count > Self.headMax { shape = .whole }
            return shape == .events ? try take(events.append(bytes)) : false
        }
    }

    private static func shape(of bytes: [UInt8], saysStream: Bool) -> Shape {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard let first = rest.first else { return .unknown }
        if [UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "<")].contains(first) { return .whole }
        if saysStream || eventBeginnings.contains(where: { rest.starts(with: $0) }) { return .events }
        return eventBeginnings.contains { $0.starts(with: rest) } ? .unknown : .whole
    }

    private mutating func take(_ events: [EventStream.Event]) throws -> Bool {
        for event in events {
            let data = Self.trimmed(event.data)
            if data.isEmpty { continue }
            if data.elementsEqual("[DONE]".utf8) { return true }
            guard let json = try? JSONParser.parse(data) else {
                let text = String(decoding: data, as: UTF8.self)
                if event.name == "error" { throw StreamFault.error(["error": .string(text)]) }
                throw StreamFault.garbage("an event of its stream is not JSON")
            }
            if event.name == "error" || ProviderError.isError(json, isEvent: true) { throw StreamFault.error(json) }
            if json["type"] == "ping" { continue }
            words += 1
            try assembly.take(json)
            if assembly.isDone { return true }
        }
        return false
    }

    /// Reads the rest and returns the answer; call it after the last byte.
    ///
    /// - Throws: ``StreamFault``.
    mutating func finish() throws -> JSON {
        if shape == .events {
            _ = try take(events.finish())
            if words > 0 { return assembly.answer }
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if let json = try? JSONParser.parse(bytes) {
            guard json.value(at: ["choices", "0", "delta"]) != nil, json.value(at: ["choices", "0", "message"]) == nil
            else { return json }
            // Some servers send a single chunk of a stream as the whole answer.
            try assembly.take(json)
            return assembly.answer
        }
        if let lines = Self.lines(bytes) {
            if let error = lines.first(where: { ProviderError.isError($0, isEvent: true) }) {
                throw StreamFault.error(error)
            }
            for line in lines { try assembly.take(line) }
            return assembly.answer
        }
        throw StreamFault.garbage(Self.description(of: bytes, isStream: shape == .events))
    }

    /// Parses chunks without event framing, one per line; nil for any other text.
    private static func lines(_ bytes: [UInt8]) -> [JSON]? {
        let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }.map(trimmed).filter { !$0.isEmpty }
        guard lines.count > 1, lines[0].first == UInt8(ascii: "{") else { return nil }
        var chunks: [JSON] = []
        for line in lines where !line.elementsEqual("[DONE]".utf8) {
            guard let chunk = try? JSONParser.parse(line) else { return nil }
            chunks.append(chunk)
        }
        return chunks
    }

    private static func description(of bytes: [UInt8], isStream: Bool) -> String {
        if trimmed(bytes).isEmpty { return isStream ? "its stream ended without an event" : "it is empty" }
        let said = ErrorContent(bytes).message.map { ": \(ProviderText.short($0))" } ?? ""
        return (bytes.contains(UInt8(ascii: "<")) ? "it is a page and not JSON" : "it is not JSON") + said
    }

    private static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        var trimmed = Array(bytes.drop(while: isSpace))
        while trimmed.last.map(isSpace) == true { trimmed.removeLast() }
        return trimmed
    }
}
