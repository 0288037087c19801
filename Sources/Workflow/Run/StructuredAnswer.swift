import Documents
import JSONSchema
import Jobs
import Tools

/// Reads a model's answer that must be JSON of a schema.
///
/// What models put around the value is ignored: reasoning, Markdown fences, prose. Two different values are an error:
/// it is not known which of them is meant.
enum StructuredAnswer {
    /// Why an answer is not what the schema asks for.
    struct SchemaMismatch: Error { var reason: String }

    static func read(_ text: String, _ schema: JSONSchema) -> Result<JSON, SchemaMismatch> {
        // The whole text is tried first: a string inside the value may contain thinking tags.
        if let value = try? JSONParser.parse(text.trimmed.utf8) { return judge(value, schema) }
        let bare = withoutThoughts(text)
        do throws(JSONSyntaxError) {
            return judge(try JSONParser.parse(bare.trimmed.utf8), schema)
        } catch {
            let fenced = fences(bare)
            let found = fenced.isEmpty ? values(bare, schema) : fenced
            if found.count > 1 {
                return .failure(SchemaMismatch(reason: "it holds \(found.count) different JSON values"))
            }
            guard let value = found.first else { return .failure(SchemaMismatch(reason: "it is not JSON: \(error)")) }
            return judge(value, schema)
        }
    }

    private static func judge(_ value: JSON, _ schema: JSONSchema) -> Result<JSON, SchemaMismatch> {
        let errors = schema.errors(in: value)
        return errors.isEmpty ? .success(value) : .failure(SchemaMismatch(reason: errors.joined(separator: "; ")))
    }

    /// Removes thinking tags and what is in them, anywhere in the text.
    private static func withoutThoughts(_ text: String) -> String {
        var rest = text.replacing(
            /<(think|thinking|thought|reasoning)>[\s\S]*?<\/(think|thinking|thought|reasoning)>/,
            with: ""
        )
        if let end = rest.firstMatch(of: /^[^{\[]*<\/(?:think|thinking)>/) {
            rest = String(rest[end.range.upperBound...])
        }
        return rest
    }

    /// The distinct values of the fences that hold JSON.
    private static func fences(_ text: String) -> [JSON] {
        let fences = text.matches(of: /```[a-zA-Z0-9_+-]*[ \t]*\r?\n?(?<inside>[\s\S]*?)```/)
        return different(fences.compactMap { try? JSONParser.parse($0.inside.trimmed.utf8) })
    }

    /// The distinct objects and lists in prose, of the type that the schema asks for.
    ///
    /// A bracket that is never closed begins half a value: nothing inside it is the answer.
    private static func values(_ text: String, _ schema: JSONSchema) -> [JSON] {
        let bytes = Array(text.utf8)
        var found: [JSON] = []
        var place = 0
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "{") || bytes[place] == UInt8(ascii: "[") else {
                place += 1
                continue
            }
            guard let end = end(of: bytes[place...]) else { break }
            if let value = try? JSONParser.parse(bytes[place..<end]), isOfKind(value, schema) { found.append(value) }
            place = end
        }
        return different(found)
    }

    private static func isOfKind(_ value: JSON, _ schema: JSONSchema) -> Bool {
        switch schema.source["type"]?.string {
        case "object": value.object != nil
        case "array": value.array != nil
        default: true
        }
    }

    /// The end of the value whose bracket begins `bytes`; nil when the bracket is never closed. Brackets in strings do
    /// not count.
    private static func end(of bytes: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        var isText = false
        var isEscaped = false
        for (place, byte) in zip(bytes.indices, bytes) {
            if isEscaped {
                isEscaped = false
            } else if isText {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isText = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 { return place + 1 }
                default: break
                }
            }
        }
        return nil
    }

    private static func different(_ values: [JSON]) -> [JSON] {
        values.reduce(into: []) { list, value in if !list.contains(value) { list.append(value) } }
    }
}
