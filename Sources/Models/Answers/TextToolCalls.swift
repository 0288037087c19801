import Documents
import Jobs

/// Finds tool calls that a model wrote as text and that its server did not convert.
///
/// A text is a call only if it is marked as one or is nothing else, names a tool that the request offers, and has an
/// object as arguments, because an answer may also talk about calls.
struct TextToolCalls {
    struct Call: Equatable {
        var name: String
        var arguments: String
    }

    private(set) var calls: [Call] = []
    /// The text without the calls.
    private(set) var rest: String
    /// Whether the text has marks of a call that cannot be taken as one.
    private(set) var hasOthers = false

    var isFound: Bool { !calls.isEmpty }

    private let tools: [String]

    /// Marks of Qwen and Hermes, of Llama, Granite, Mistral, Cohere, Kimi and DeepSeek.
    private static let pairs: [(open: String, close: String)] = [
        ("<tool_call>", "</tool_call>"), ("<tool_calls>", "</tool_calls>"), ("<function_call>", "</function_call>"),
        ("<function_calls>", "</function_calls>"), ("<|tool_call|>", "<|/tool_call|>"), ("<tool_use>", "</tool_use>"),
        ("<|python_tag|>", "<|eom_id|>"), ("<|tool_call_start|>", "<|tool_call_end|>"),
        ("<|START_ACTION|>", "<|END_ACTION|>"), ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
        ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"), ("<invoke ", "</invoke>"), ("<function=", "</function>"),
    ]
    private static let mistral = "[TOOL_CALLS]"

    /// - Parameter tools: The names of the tools that the request offers; without any, no calls are searched for.
    init(_ text: String, tools: [String]) {
        (rest, self.tools) = (text, tools)
        if tools.isEmpty { return }
        let whole = text.trimmed
        if let mark = whole.firstRange(ofIgnoringCase: Self.mistral) {
            take(marked: whole[mark.upperBound...], leaving: whole[..<mark.lowerBound])
        } else if Self.pairs.contains(where: { whole.firstRange(ofIgnoringCase: $0.open) != nil }) {
            takePairs(whole)
        } else if let calls = listed(Self.unfenced(whole)) {
            (self.calls, rest) = (calls, "")
        }
    }

    private mutating func take(marked text: Substring, leaving before: Substring) {
        let pieces = text.split(separator: Self.mistral).map(\.trimmed)
        let found = pieces.compactMap { piece in listed(piece) ?? named(piece).map { [$0] } }
        guard !found.isEmpty, found.count == pieces.count, !Self.isQuoted(before) else {
            hasOthers = true
            return
        }
        (calls, rest) = (found.flatMap(\.self), String(before.trimmed))
    }

    private mutating func takePairs(_ text: Substring) {
        var (left, before, found) = (text, Substring(), [Call]())
        while let (start, pair) = Self.first(in: left) {
            let between = left[..<start.lowerBound]
            if found.isEmpty { before = between }
            // In some marks, the tool's name is a part of the mark.
            let keepsMark = pair.open.hasSuffix("=") || pair.open.hasSuffix(" ")
            let inside = left[(keepsMark ? start.lowerBound : start.upperBound)...]
            // The last closing mark may be missing; then the whole rest must be a call.
            let end = inside.firstRange(ofIgnoringCase: pair.close)
            let calls = self.found(in: (end.map { inside[..<$0.lowerBound] } ?? inside).trimmed)
            if calls.isEmpty || !found.isEmpty && !between.trimmed.isEmpty { break }
            found += calls
            left = end.map { inside[$0.upperBound...] } ?? ""
        }
        // A model stops after its calls. If text follows them, or they are quoted, the model talks about calls, perhaps
        // about some in its input.
        guard !found.isEmpty, left.trimmed.isEmpty, !Self.isQuoted(before) else {
            hasOthers = true
            return
        }
        (calls, rest) = (found, String(before.trimmed))
    }

    private static func isQuoted(_ before: Substring) -> Bool {
        if let last = before.last, "`\"'“‘«".contains(last) { return true }
        return before.matches(of: /```/).count % 2 == 1
    }

    private static func first(in text: Substring) -> (Range<Substring.Index>, (open: String, close: String))? {
        pairs.compactMap { pair in text.firstRange(ofIgnoringCase: pair.open).map { ($0, pair) } }
            .min { $0.0.lowerBound < $1.0.lowerBound }
    }

    /// The calls between two marks: JSON, a name and then JSON, or elements.
    private func found(in body: Substring) -> [Call] {
        if let calls = listed(Self.unfenced(body)) { return calls }
        if let calls = ElementCalls.read(body), !calls.isEmpty {
            let known = calls.compactMap { call in tool(call.name).map { Call(name: $0, arguments: call.arguments) } }
            return known.count == calls.count ? known : []
        }
        for separator in ["<|tool_call_end|>", "<｜tool▁call▁end｜>"] where body.contains(separator) {
            let parts = body.split(separator: separator).map(\.trimmed).filter { !$0.isEmpty }
            let calls = parts.compactMap(named)
            return calls.count == parts.count ? calls : []
        }
        if let call = named(body) { return [call] }
        // One call per line.
        let lines = body.split(separator: "\n").map(\.trimmed).filter { !$0.isEmpty }
        let calls = lines.compactMap { listed($0) }
        return calls.count == lines.count ? calls.flatMap(\.self) : []
    }

    /// A call as `name{…}`, with any known marks between and around.
    private func named(_ text: Substring) -> Call? {
        guard let brace = text.firstIndex(of: "{"), let end = text.lastIndex(of: "}"), brace < end else { return nil }
        let behind = text[text.index(after: end)...].trimmed
        guard behind.isEmpty || behind == "```" || behind.hasPrefix("<") else { return nil }
        let arguments = String(text[brace...end])
        guard ToolArguments.object(arguments) != nil else { return nil }
        var name = String(text[..<brace])
        for mark in [
            "[ARGS]", "<|tool_call_argument_begin|>", "<|tool_call_begin|>", "<｜tool▁call▁begin｜>", "```json", "```",
        ] { name = name.replacing(mark, with: " ") }
        if let separator = name.firstRange(of: "<｜tool▁sep｜>") { name = String(name[separator.upperBound...]) }
        if let id = name.firstRange(of: "[CALL_ID]") { name = String(name[..<id.lowerBound]) }
        return tool(String(name.trimmed)).map { Call(name: $0, arguments: arguments) }
    }

    /// One call as JSON, or a list of calls; nil for anything else.
    private func listed(_ text: Substring) -> [Call]? {
        guard text.first == "{" || text.first == "[", let value = try? JSONParser.parse(text.utf8) else { return nil }
        let values = value.array ?? value["tool_calls"]?.array ?? [value]
        let calls = values.compactMap { call(of: $0) }
        return calls.isEmpty || calls.count != values.count ? nil : calls
    }

    private func call(of value: JSON) -> Call? {
        let function = value["function"]?.object == nil ? value : value["function"] ?? value
        let names = ["name", "tool_name", "tool", "function", "recipient_name"]
        guard let name = names.compactMap({ function[$0]?.string }).first, let tool = tool(name) else { return nil }
        let written = ["arguments", "parameters", "args", "input", "tool_input"].compactMap { function[$0] }.first
        guard let written else { return nil }
        let arguments = ToolArguments.text(written)
        return ToolArguments.object(arguments) == nil ? nil : Call(name: tool, arguments: arguments)
    }

    private func tool(_ name: String) -> String? { ToolNames.place(of: name, amongst: tools).map { tools[$0] } }

    /// The content of a code fence that encloses the whole text, else the text.
    private static func unfenced(_ text: Substring) -> Substring {
        guard let fence = text.firstMatch(of: /^```[a-zA-Z_]*\s*\n(?<inside>[\s\S]*?)\n?```$/) else { return text }
        return fence.inside.trimmed
    }
}

/// Calls as elements: `<function=name><parameter=city>Paris</parameter></function>`, and Anthropic's old form.
private enum ElementCalls {
    static func read(_ body: Substring) -> [TextToolCalls.Call]? {
        let calls = body.matches(
            of: /<(?:function=|invoke name=")(?<name>[^>"]+)"?\s*>(?<inside>[\s\S]*?)(?:<\/function>|<\/invoke>|$)/
        )
        if calls.isEmpty { return nil }
        return calls.map { call in
            TextToolCalls.Call(name: String(call.name), arguments: arguments(call.inside))
        }
    }

    private static func arguments(_ inside: Substring) -> String {
        let text = String(inside.trimmed)
        if ToolArguments.object(text) != nil { return text }
        let parts = inside.matches(
            of: /<parameter(?:=|\s+name=")(?<name>[^>"]+)"?\s*>(?<value>[\s\S]*?)(?:<\/parameter>|$)/
        )
        return JSON(members: parts.map { part in (String(part.name), value(part.value)) }).text
    }

    /// A parameter's value: JSON is read as such, but a bare word, or a number that JSON would change, is a string.
    private static func value(_ written: Substring) -> JSON {
        let text = written.trimmed
        guard let value = try? JSONParser.parse(text.utf8),
            value.text == text || value.object != nil || value.array != nil
        else { return .string(String(text)) }
        return value.string == nil ? value : .string(String(text))
    }
}

extension AnswerParts {
    /// Replaces the text by the calls that were found in it.
    mutating func take(_ found: TextToolCalls?, _ ids: inout ToolCallIDs) {
        guard let found else { return }
        if !found.isFound {
            if found.hasOthers {
                note = "the answer has the marks of a tool call, and no call of a known tool was found in it"
            }
            return
        }
        calls = found.calls.map { ModelToolCall(id: ids.id(nil), name: $0.name, arguments: $0.arguments) }
        text = found.rest
        note = calls.count == 1 ? "a tool call came as text" : "\(calls.count) tool calls came as text"
    }
}
