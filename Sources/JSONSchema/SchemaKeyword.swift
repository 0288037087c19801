import Documents
import OrderedCollections

/// One member of a schema object, read strictly.
struct SchemaKeyword {
    private static let annotations: Set<String> = [
        "title", "description", "default", "examples", "format", "$comment", "$schema", "deprecated", "readOnly",
        "writeOnly",
    ]

    private let name: String
    private let value: JSON
    private let path: [String]
    private let siblings: OrderedDictionary<String, JSON>

    init(_ name: String, _ value: JSON, at path: [String], siblings: OrderedDictionary<String, JSON>) {
        (self.name, self.value, self.path, self.siblings) = (name, value, path, siblings)
    }

    /// The keyword's rule; nil when it says nothing about validity by itself.
    func rule(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) -> SchemaRule? {
        switch name {
        case "type": return .types(try types())
        case "enum":
            let values = try array("a list of values")
            return .enumeration(canonical: Set(values.map(\.canonicalBytes)), written: values)
        case "const": return .constant(canonical: value.canonicalBytes, written: value)
        case "minimum": return .minimum(try number())
        case "maximum": return .maximum(try number())
        case "exclusiveMinimum": return .exclusiveMinimum(try number())
        case "exclusiveMaximum": return .exclusiveMaximum(try number())
        case "multipleOf": return .multipleOf(try divisor(), written: value)
        case "minLength": return .length(try count()...Int.max)
        case "maxLength": return .length(0...(try count()))
        case "pattern": return .pattern(try pattern())
        case "minItems": return .itemCount(try count()...Int.max)
        case "maxItems": return .itemCount(0...(try count()))
        case "uniqueItems": return try flag() ? .uniqueItems : nil
        case "minProperties": return .memberCount(try count()...Int.max)
        case "maxProperties": return .memberCount(0...(try count()))
        case "required": return .required(try names())
        case "prefixItems": return .prefixItems(try schemas(&compiler))
        case "items": return try items(&compiler)
        case "properties": return .properties(try namedSchemas(&compiler))
        case "additionalProperties":
            let known = siblings["properties"]?.object.map { Array($0.keys) } ?? []
            return .additionalProperties(try compiler.subschema(value, at: path), known: known)
        case "allOf": return .all(try schemas(&compiler))
        case "anyOf": return .any(try schemas(&compiler))
        case "oneOf": return .one(try schemas(&compiler))
        case "not": return .not(try compiler.subschema(value, at: path))
        case "$ref":
            guard let reference = value.string else { throw expected("a reference such as \"#/$defs/NAME\"") }
            return .reference(try compiler.resolve(reference, at: path))
        case "$defs":
            // Compiled although nothing may refer to them: a mistake in them is shown before it can matter.
            _ = try namedSchemas(&compiler)
            return nil
        case "$id" where path.count == 1: return nil
        case let name where Self.annotations.contains(name): return nil
        default: throw JSONSchemaError(.unsupported, at: path, "the keyword \"\(name)\" is not supported here")
        }
    }

    private func expected(_ what: String) -> JSONSchemaError {
        JSONSchemaError(.invalid, at: path, "\"\(name)\" must be \(what), not \(value.kindName)")
    }

    private func array(_ what: String) throws(JSONSchemaError) -> [JSON] {
        guard let elements = value.array else { throw expected(what) }
        return elements
    }

    private func number() throws(JSONSchemaError) -> JSON {
        guard value.isNumber else { throw expected("a number") }
        return value
    }

    private func divisor() throws(JSONSchemaError) -> ExactNumber {
        guard let divisor = ExactNumber(value), !divisor.digits.isEmpty, !divisor.isNegative,
            divisor.digits.count <= ExactNumber.divisorDigitsMax
        else { throw expected("a number greater than 0, of \(ExactNumber.divisorDigitsMax) digits at the most") }
        return divisor
    }

    private func count() throws(JSONSchemaError) -> Int {
        guard let count = value.int, count >= 0 else { throw expected("a whole number from 0 on") }
        return count
    }

    private func flag() throws(JSONSchemaError) -> Bool {
        guard let flag = value.bool else { throw expected("true or false") }
        return flag
    }

    private func names() throws(JSONSchemaError) -> [String] {
        let elements = try array("a list of names")
        let names = elements.compactMap(\.string)
        guard names.count == elements.count, Set(names).count == names.count else {
            throw expected("a list of names, each once")
        }
        return names
    }

    private func types() throws(JSONSchemaError) -> [SchemaType] {
        let written = value.array ?? [value]
        let types = written.compactMap { $0.string.flatMap(SchemaType.init(rawValue:)) }
        guard !types.isEmpty, types.count == written.count, Set(types).count == types.count else {
            let known = SchemaType.allCases.map(\.rawValue).joined(separator: ", ")
            throw expected("one of \(known), or a list of them")
        }
        return types
    }

    private func pattern() throws(JSONSchemaError) -> SchemaPattern {
        guard let text = value.string else { throw expected("a regular expression") }
        do {
            return try SchemaPattern(text)
        } catch {
            throw JSONSchemaError(.invalid, at: path, "the regular expression cannot be read: \(error)")
        }
    }

    private func items(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) -> SchemaRule {
        if value.array != nil {
            throw JSONSchemaError(
                .unsupported,
                at: path,
                "a list of schemas in \"items\" belongs to older drafts; write \"prefixItems\""
            )
        }
        return .items(try compiler.subschema(value, at: path), from: siblings["prefixItems"]?.array?.count ?? 0)
    }

    private func schemas(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) -> [Int] {
        let schemas = try array("a list of schemas")
        if schemas.isEmpty { throw JSONSchemaError(.invalid, at: path, "\"\(name)\" needs at least one schema") }
        var indices: [Int] = []
        for (position, schema) in schemas.enumerated() {
            indices.append(try compiler.subschema(schema, at: path + [String(position)]))
        }
        return indices
    }

    private func namedSchemas(_ compiler: inout SchemaCompiler) throws(JSONSchemaError) -> [(name: String, schema: Int)]
    {
        guard let members = value.object else { throw expected("an object of schemas") }
        var schemas: [(String, Int)] = []
        for (name, schema) in members {
            schemas.append((name, try compiler.subschema(schema, at: path + [name])))
        }
        return schemas
    }
}
