package import Jobs
import OrderedCollections

extension JSONSchema {
    /// The arguments of a step as they fit: where the schema asks for a number and a template gave the text of one, the
    /// number, and where it asks for text and a template gave a number, its text.
    ///
    /// What a command prints is a number or text by how it is written (docs/values.md), and the next tool wants one of them.
    ///
    /// - Returns: The value itself when it fits already, or would not by this.
    package func fitted(_ value: JSON) -> JSON {
        if errors(in: value).isEmpty { return value }
        let fitted = Self.fitted(value, source)
        return fitted != value && errors(in: fitted).isEmpty ? fitted : value
    }

    private static func fitted(_ value: JSON, _ schema: JSON) -> JSON {
        let types = schema["type"].map { $0.array ?? [$0] } ?? []
        switch value {
        case .string(let text):
            guard !types.contains("string"), types.contains("number") || types.contains("integer") else { return value }
            return JSON(number: text) ?? value
        case .int, .double, .written:
            guard types.contains("string"), !types.contains("number"), !types.contains("integer") else { return value }
            return .string(value.text)
        case .object(let members):
            guard let properties = schema["properties"]?.object else { return value }
            var fitted = members
            for (name, member) in members {
                if let schema = properties[name] { fitted[name] = self.fitted(member, schema) }
            }
            return .object(fitted)
        case .array(let elements):
            guard let items = schema["items"] else { return value }
            return .array(elements.map { self.fitted($0, items) })
        case .null, .bool: return value
        }
    }
}
