import Documents
import OrderedCollections

/// Turns a JSON Schema document into a list of schemas that name each other by position; the first is the root.
///
/// A list of waiting schemas replaces recursion, so that no document can exhaust the stack.
struct SchemaCompiler {
    private let root: JSON
    private var nodes: [SchemaNode?] = []
    private var paths: [[String]] = []
    private var waiting: [(index: Int, schema: JSON)] = []
    /// Positions by JSON Pointer, so that a place which several references name is compiled once.
    private var indices: [String: Int] = [:]

    static func compile(_ root: JSON) throws(JSONSchemaError) -> [SchemaNode] {
        var compiler = SchemaCompiler(root: root)
        _ = try compiler.subschema(root, at: [])
        while let (index, schema) = compiler.waiting.popLast() {
            compiler.nodes[index] = try compiler.node(schema, at: compiler.paths[index])
        }
        let nodes = compiler.nodes.compactMap(\.self)
        try compiler.refuseEndlessReferences(nodes)
        return nodes
    }

    private init(root: JSON) { self.root = root }

    /// The position of the schema at `path`, which is compiled later.
    mutating func subschema(_ schema: JSON, at path: [String]) throws(JSONSchemaError) -> Int {
        let pointer = JSONPointer.text(path)
        if let index = indices[pointer] { return index }
        if nodes.count == JSONSchema.schemasMax {
            throw JSONSchemaError(.unsupported, at: path, "more than \(JSONSchema.schemasMax) schemas in one document")
        }
        let index = nodes.count
        indices[pointer] = index
        nodes.append(nil)
        paths.append(path)
        waiting.append((index, schema))
        return index
    }

    private mutating func node(_ schema: JSON, at path: [String]) throws(JSONSchemaError) -> SchemaNode {
        if let verdict = schema.bool { return .verdict(verdict) }
        guard let members = schema.object else {
            throw JSONSchemaError(.invalid, at: path, "a schema is an object, true or false, not \(schema.kindName)")
        }
        var assertions: [SchemaRule] = []
        var applicators: [SchemaRule] = []
        for (keyword, value) in members {
            let reader = SchemaKeyword(keyword, value, at: path + [keyword], siblings: members)
            guard let rule = try reader.rule(&self) else { continue }
            if rule.isAssertion { assertions.append(rule) } else { applicators.append(rule) }
        }
        return .rules(assertions + applicators)
    }

    /// The position of the schema that `reference` names.
    mutating func resolve(_ reference: String, at path: [String]) throws(JSONSchemaError) -> Int {
        guard reference.utf8.first == UInt8(ascii: "#"), let target = JSONPointer.path(fragment: reference.dropFirst())
        else {
            throw JSONSchemaError(
                .unsupported,
                at: path,
                "only references into this document, \"#\" and \"#/$defs/NAME\", are supported"
            )
        }
        guard let schema = root.value(at: target) else {
            throw JSONSchemaError(.invalid, at: path, "there is nothing at \"\(reference)\"")
        }
        return try subschema(schema, at: target)
    }

    /// Refuses schemas that apply themselves to the same value again: checking them would never end.
    private func refuseEndlessReferences(_ nodes: [SchemaNode]) throws(JSONSchemaError) {
        let edges = nodes.map { node -> [Int] in
            if case .rules(let rules) = node { rules.flatMap(\.inPlace) } else { [] }
        }
        var sources = [[Int]](repeating: [], count: nodes.count)
        for (index, targets) in edges.enumerated() { for target in targets { sources[target].append(index) } }
        // Kahn's algorithm from the ends: what is never reached leads into a cycle.
        var open = edges.map(\.count)
        var settled = open.indices.filter { open[$0] == 0 }
        while let index = settled.popLast() {
            for source in sources[index] {
                open[source] -= 1
                if open[source] == 0 { settled.append(source) }
            }
        }
        guard var index = open.firstIndex(where: { $0 > 0 }) else { return }
        // After this many steps the index is inside the cycle.
        for _ in nodes.indices { index = edges[index].first { open[$0] > 0 } ?? index }
        throw JSONSchemaError(.invalid, at: paths[index], "the schema refers to itself without end")
    }
}
