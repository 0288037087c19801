package import Documents

/// A compiled JSON Schema: the part of draft 2020-12 that describes tool arguments, workflow inputs and outputs.
///
/// Supported: `type`, `enum`, `const`, the number, string, array and object keywords of the validation vocabulary,
/// `properties`, `additionalProperties`, `items`, `prefixItems`, `allOf`, `anyOf`, `oneOf`, `not`, `$defs`, `$ref`
/// within the document, and boolean schemas. Annotations (`title`, `description`, `default`, `examples`, `format`,
/// `$comment`, `$schema`, `$id` at the root, `deprecated`, `readOnly`, `writeOnly`) say nothing about validity. Any
/// other keyword is refused: one that is ignored would promise a check that never happens.
///
/// Source: JSON Schema draft 2020-12, Core and Validation.
package struct JSONSchema: Sendable, Equatable {
    /// The most violations that are reported for one value.
    package static let violationsMax = 5
    /// The most schemas that may apply within each other to one value; recursion through `$ref` ends here.
    package static let depthMax = 512
    /// The most single checks for one value: alternatives within alternatives can multiply without end.
    package static let checksMax = 1_000_000
    /// The most steps for one value in all patterns: lookaheads take the square of a text's length.
    package static let patternStepsMax = 10_000_000
    /// The most schemas in one document.
    package static let schemasMax = 20_000

    /// The schema as it was given.
    package let source: JSON
    private let nodes: [SchemaNode]

    /// Compiles `schema`.
    ///
    /// - Throws: ``JSONSchemaError`` at the first keyword that is unknown, unsupported or has a wrong value.
    package init(_ schema: JSON) throws(JSONSchemaError) {
        source = schema
        nodes = try SchemaCompiler.compile(schema)
    }

    /// Accepts any object; the tool's MCP server checks what the schema asks for.
    ///
    /// - Parameter source: The schema for the model; it may hold keywords that are not supported here.
    package init(anyObjectToldAs source: JSON) {
        self.source = source
        nodes = [.rules([.types([.object])])]
    }

    /// What is wrong with `value`, one sentence per violation; empty when it is valid.
    ///
    /// - Returns: At most ``violationsMax`` sentences such as `/order: a string was expected, not a number`. They name
    ///   members of the value but never quote what the members hold.
    package func errors(in value: JSON) -> [String] { errors(in: value, checksMax: Self.checksMax) }

    func errors(in value: JSON, checksMax: Int, patternSteps: Int = Self.patternStepsMax) -> [String] {
        var evaluation = SchemaEvaluation(nodes, checksMax: checksMax, patternSteps: patternSteps)
        return evaluation.violations(in: value)
    }

    package static func == (left: JSONSchema, right: JSONSchema) -> Bool { left.source == right.source }
}
