import Documents
import JSONSchema
import Jobs
import Tools

/// JSON Schemas, and values that are checked against them: an object with `schema` and `value`.
enum SchemasTarget: FuzzTarget {
    static let name = "schemas"

    static func run(_ input: [UInt8]) {
        guard let json = try? JSONParser.parse(input), let source = json["schema"],
            let schema = try? JSONSchema(source)
        else { return }
        let value = json["value"] ?? .null
        let errors = schema.errors(in: value)
        claim(errors.count <= JSONSchema.violationsMax, "few violations are reported")
        claimEqual(schema.errors(in: value), errors, "a value is judged alike each time")
        guard let opposite = try? JSONSchema(["not": source, "$defs": source["$defs"] ?? [:]]),
            !source.text.contains("\"$ref\"")
        else { return }
        let isTooComplex = (errors + opposite.errors(in: value)).contains { $0.hasPrefix("the value is ") }
        if !isTooComplex {
            claimEqual(opposite.errors(in: value).isEmpty, !errors.isEmpty, "the opposite fits what does not fit")
        }
    }
}
