import Documents
import Jobs

/// The content of an error's body, in any of the forms that servers and their proxies send.
struct ErrorContent {
    /// Error codes and types, the more exact ones first.
    private(set) var names: [String] = []
    /// The server's own message; nil when it has no readable one.
    private(set) var message: String?
    /// The HTTP status that the body itself names.
    private(set) var status: Int?
    /// The members of the request that the server names as wrong: `temperature`, `stream_options`.
    private(set) var members: [String] = []

    /// How deep errors may be nested in each other; real ones are not nested deeper.
    private static let depthMax = 6

    /// - Parameter body: The body as received; it need not be JSON.
    init(_ body: [UInt8]) {
        if let json = try? JSONParser.parse(body) {
            take(json, depth: 0)
        } else {
            take(String(decoding: body.prefix(Self.textMax), as: UTF8.self))
        }
    }

    init(_ json: JSON) { take(json, depth: 0) }

    /// How many bytes of a body that is not JSON are read.
    private static let textMax = 16 << 10

    // MARK: JSON

    private mutating func take(_ json: JSON, depth: Int) {
        guard depth < Self.depthMax else { return }
        switch json {
        case .object: takeObject(json, depth: depth)
        case .array(let elements):
            let details = elements.compactMap(Detail.init)
            if details.isEmpty {
                if let first = elements.first { take(first, depth: depth + 1) }
            } else {
                take(details)
            }
        case .string(let text):
            // Gateways put the upstream's JSON into a string.
            if text.hasPrefix("{") || text.hasPrefix("["), let inner = try? JSONParser.parse(text.utf8),
                inner.object != nil || inner.array != nil
            {
                take(inner, depth: depth + 1)
            } else if message == nil, !text.isEmpty {
                take(text)
            }
        default: break
        }
    }

    private mutating func takeObject(_ json: JSON, depth: Int) {
        // The innermost error is closest to the cause, so it comes first.
        for name in ["error", "errors", "fault"] {
            if let inner = json[name], inner != [:], inner != [] { take(inner, depth: depth + 1) }
        }
        let named = [json.value(at: ["details", "error_code"]), json["code"], json["type"], json["status"]]
        // A number repeats the status (LiteLLM); the other excluded names only say that this is an error.
        names += named.compactMap { $0?.string }
            .filter { !$0.isEmpty && Int($0) == nil && $0 != "error" && !$0.hasPrefix("about:") }
        for name in ["code", "status", "status_code", "statusCode", "http_status"] where status == nil {
            status = json[name].flatMap(Self.status)
        }
        if let member = json["param"]?.string { add(member: member) }
        for name in Self.messages where message == nil {
            if let words = json[name] { take(words, depth: depth + 1) }
        }
        if let raw = json.value(at: ["metadata", "raw"])?.string { take(upstream: raw) }
    }

    private static let messages = [
        "message", "msg", "detail", "details", "error_description", "error_message", "errorMessage", "description",
        "faultstring", "reason", "title",
    ]

    private static func status(_ json: JSON) -> Int? {
        (json.int ?? json.string.flatMap { Int($0) }).flatMap { (400..<600).contains($0) ? $0 : nil }
    }

    /// Adds the error of the server behind a gateway (OpenRouter), whose own message says only that there was an error.
    private mutating func take(upstream raw: String) {
        let upstream = ErrorContent(Array(raw.utf8))
        for member in upstream.members { add(member: member) }
        names += upstream.names
        guard let said = upstream.message, said != message else { return }
        message = message.map { "\($0): \(said)" } ?? said
    }

    // MARK: Details

    /// One entry of FastAPI's error list: `{"loc": ["body", "temperature"], "msg": …, "type": …}`.
    private struct Detail {
        var place: [String]
        var text: String
        var type: String?

        init?(_ json: JSON) {
            let place = json["loc"]?.array
            guard let text = (json["msg"] ?? (place == nil ? nil : json["message"]))?.string else { return nil }
            self.text = text
            type = json["type"]?.string
            self.place = (place ?? []).map { $0.string ?? $0.text }
        }
    }

    private mutating func take(_ details: [Detail]) {
        for detail in details {
            if let member = detail.place.first(where: { $0 != "body" }) { add(member: member) }
        }
        names += details.compactMap(\.type)
        guard message == nil else { return }
        message = details.map { detail in
            detail.place.isEmpty ? detail.text : "\(detail.place.joined(separator: ".")): \(detail.text)"
        }.joined(separator: "; ")
    }

    /// Adds the request member that a path such as `stream_options.include_usage` or `stop[0]` begins with.
    private mutating func add(member path: String) {
        let name = String(path.prefix { $0 != "." && $0 != "[" })
        if !name.isEmpty, !members.contains(name) { members.append(name) }
    }

    // MARK: Text

    private mutating func take(_ text: String) {
        let text = text.drop(while: \.isWhitespace)
        if text.isEmpty || text == "{" { return }
        if text.hasPrefix("<") || text.contains("</") {
            message = HTMLErrorTitle.title(of: text)
        } else if let event = Self.firstEvent(text) {
            take(event, depth: 1)
        } else {
            message = String(text)
        }
    }

    /// An error that a server sent as the first event of a stream; nil for other texts.
    private static func firstEvent(_ text: Substring) -> JSON? {
        guard ["data:", "event:", "error:"].contains(where: text.hasPrefix) else { return nil }
        var events = EventStream()
        let found = events.append(Array(text.utf8)) + events.finish()
        return found.lazy.compactMap { try? JSONParser.parse($0.data) }.first
    }
}
