import Documents
import Jobs
import OrderedCollections

/// Assembles one block of a streamed message.
struct StreamedBlock {
    private var members: OrderedDictionary<String, JSON>
    /// Texts are kept apart from other JSON, so that they can grow in place.
    private var texts: OrderedDictionary<String, String> = [:]
    private var citations: [JSON] = []
    private var input = ""

    init(_ members: OrderedDictionary<String, JSON>) { self.members = members }

    /// The type of a block whose beginning is missing; nil when the delta does not show it.
    static func kind(of delta: JSON) -> String? {
        switch delta["type"]?.string {
        case "text_delta": "text"
        case "thinking_delta", "signature_delta": "thinking"
        case "input_json_delta": "tool_use"
        default: delta["text"]?.string == nil ? nil : "text"
        }
    }

    mutating func take(_ delta: JSON) {
        for (name, value) in delta.object ?? [:] where name != "type" && !value.isNull {
            switch (name, value) {
            case ("partial_json", .string(let text)): input += text
            case ("partial_json", .object): input += value.text
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
        if block["type"] == "tool_use" {
            // Input that is not JSON stays a string; the workflow checks it.
            if !input.allSatisfy(\.isWhitespace) {
                block["input"] = (try? JSONParser.parse(input.utf8)) ?? .string(input)
            } else if block["input"]?.isNull != false || block["input"] == "" {
                block["input"] = [:]
            }
        } else if !input.isEmpty {
            block["input"] = (try? JSONParser.parse(input.utf8)) ?? .string(input)
        }
        return .object(block)
    }
}
