package import Documents
import OrderedCollections

extension JSONSchema {
    /// The arguments of a step, with texts and numbers converted to what the schema asks for.
    ///
    /// A text becomes the number that it spells, a number becomes its text. A command's output is a number or a text by
    /// its spelling (docs/values.md), but the next tool takes only one of them.
    ///
    /// - Returns: The value itself when it is valid already, or stays invalid after the conversion.
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
