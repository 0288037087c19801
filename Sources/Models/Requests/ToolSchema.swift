import Documents
import Jobs
import OrderedCollections

/// Adapts a tool's schema to providers, which refuse much that JSON Schema allows.
///
/// Arguments are still checked against the original schema.
enum ToolSchema {
    /// A schema of an object, with `properties`, that every provider accepts.
    static func fit(_ schema: JSON) -> JSON {
        var members = resolved(schema).object ?? [:]
        merge(&members)
        members["type"] = "object"
        if members["properties"]?.object == nil { members["properties"] = [:] }
        var fitted = fitted(members, isRoot: true).object ?? [:]
        // In the usual order for human readers.
        let properties = fitted.removeValue(forKey: "properties") ?? [:]
        fitted.removeValue(forKey: "type")
        var whole: OrderedDictionary<String, JSON> = ["type": "object", "properties": properties]
        whole.merge(fitted) { first, _ in first }
        return .object(whole)
    }

    /// The schema of an answer, without metadata and null members.
    static func fitAnswer(_ schema: JSON) -> JSON {
        guard var members = schema.object else { return schema }
        members.removeAll { dropped.contains($0.key) || $0.value.isNull && !["default", "const"].contains($0.key) }
        return .object(members)
    }

    /// The target of a `$ref` at the root that points into the document, else the schema itself.
    private static func resolved(_ schema: JSON) -> JSON {
        guard let path = schema["$ref"]?.string, path.hasPrefix("#/"), var members = schema.object,
            let target = schema.value(at: path.dropFirst(2).split(separator: "/")), let found = target.object
        else { return schema }
        members["$ref"] = nil
        members.merge(found) { first, _ in first }
        return .object(members)
    }

    /// Providers refuse `allOf`, `anyOf` and `oneOf` at the root, so their members become the object's own.
    private static func merge(_ members: inout OrderedDictionary<String, JSON>) {
        for name in ["allOf", "anyOf", "oneOf"] {
            guard let parts = members.removeValue(forKey: name)?.array else { continue }
            var properties = members["properties"]?.object ?? [:]
            var required = members["required"]?.array ?? []
            for part in parts.map({ resolved(JSON(members: [("$defs", members["$defs"])] + pairs($0))) }) {
                properties.merge(part["properties"]?.object ?? [:]) { first, _ in first }
                if name == "allOf" { required += part["required"]?.array ?? [] }
            }
            members["properties"] = .object(properties)
            if !required.isEmpty { members["required"] = .array(required) }
        }
        for name in ["enum", "not", "if", "then", "else", "const"] { members[name] = nil }
    }

    private static func pairs(_ json: JSON) -> [(String, JSON?)] { (json.object ?? [:]).map { ($0.key, $0.value) } }

    /// Metadata, which does not restrict values and which some providers refuse.
    private static let dropped: Set<String> = ["$schema", "$id", "$comment", "$anchor", "$vocabulary"]

    private static func fitted(_ schema: OrderedDictionary<String, JSON>, isRoot: Bool) -> JSON {
        var members: OrderedDictionary<String, JSON> = [:]
        for (name, value) in schema where !dropped.contains(name) {
            if name == "id", isRoot, value.string?.contains(":") == true { continue }
            if value.isNull, !["default", "const"].contains(name) { continue }
            switch name {
            case "properties", "$defs", "definitions", "patternProperties", "dependentSchemas":
                members[name] = .object((value.object ?? [:]).mapValues(inner))
            case "items":
                members[name] = value.array == nil ? inner(value) : .array((value.array ?? []).map(inner))
            case "anyOf", "oneOf", "allOf", "prefixItems":
                members[name] = .array((value.array ?? []).map(inner))
            case "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames",
                "unevaluatedProperties":
                members[name] = value.object == nil ? value : inner(value)
            default: members[name] = value
            }
        }
        if isObject(members["type"]) || members["properties"] != nil {
            if members["type"] == nil { members["type"] = "object" }
            if members["properties"] == nil { members["properties"] = [:] }
        }
        if members["type"] == "array", members["items"] == nil, members["prefixItems"] == nil { members["items"] = [:] }
        // Some providers refuse an empty list, and names of unknown properties.
        if let names = members["required"]?.array {
            let known = members["properties"]?.object ?? [:]
            let left = names.filter { $0.string.map { known[$0] != nil } ?? false }
            members["required"] = left.isEmpty ? nil : .array(left)
        }
        return .object(members)
    }

    private static func isObject(_ type: JSON?) -> Bool { type == "object" || type?.array?.contains("object") == true }

    /// A nested schema; some providers accept only objects as schemas.
    private static func inner(_ schema: JSON) -> JSON {
        switch schema {
        case .object(let members): fitted(members, isRoot: false)
        case .bool(false): ["not": [:]]
        default: [:]
        }
    }
}
