import Documents
import Jobs
import OrderedCollections

/// What a submitted file is, where its name does not say it.
package enum SubmittedKind: String, Sendable, CaseIterable {
    case json, yaml, jsonl, text

    /// The ending that the daemon knows it by.
    package var ending: String { self == .text ? ".txt" : ".\(rawValue)" }

    /// The kind as messages name it.
    package var name: String {
        switch self {
        case .json: "a job document in JSON"
        case .yaml: "a job document in YAML"
        case .jsonl: "a batch of requests"
        case .text: "a text"
        }
    }

    /// Recognizes what an input without a name holds by its members.
    ///
    /// A job document has the members of one and no others, the requests of a batch have `custom_id` and `body` or
    /// `params`. All else is a text: a prompt may be JSON, or have a colon in it.
    package init(recognizing bytes: [UInt8]) {
        guard let text = try? TextEncoding.utf8(bytes),
            let first = text.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) })
        else {
            self = .text
            return
        }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            self = Self.json(text) ?? .text
        } else {
            let value = try? Document(text, format: .yaml).value
            self = value.map(JobDocument.isMeant) == true ? .yaml : .text
        }
    }

    private static func json(_ text: [UInt8]) -> SubmittedKind? {
        if let value = try? JSONParser.parse(text) {
            if isRequest(value) { return .jsonl }
            if let elements = value.array, !elements.isEmpty, elements.allSatisfy(isRequest) { return .jsonl }
            let isAlone = value.object.map { $0.count == 1 && ($0["input"] ?? $0["workflow"]) != nil } ?? false
            return isAlone || JobDocument.isMeant(value) ? .json : nil
        }
        var requests = 0
        var splitter = JSONValueSplitter()
        splitter.split(text) { requests += (try? JSONParser.parse($0.bytes)).map(isRequest) == true ? 1 : 0 }
        return requests > 0 ? .jsonl : flow(text)
    }

    /// YAML may begin with a brace, too.
    private static func flow(_ text: [UInt8]) -> SubmittedKind? {
        (try? Document(text, format: .yaml).value).map(JobDocument.isMeant) == true ? .yaml : nil
    }

    private static func isRequest(_ value: JSON) -> Bool {
        value["custom_id"] != nil && (value["body"]?.object != nil || value["params"]?.object != nil)
    }
}
