import OrderedCollections
import Yams

/// YAML 1.2's core schema, read through Yams into ``JSON``.
enum YAML {
    /// A document whose aliases make more values, or more bytes of text, than this is refused ("billion laughs"). A
    /// document without aliases has no more of them than bytes, except for escapes that are shorter than their text.
    static let valuesMax = 100_000
    static let textMax = 1 << 20

    /// How much a document may still grow.
    private struct Growth {
        var values: Int
        var text: Int

        init(_ bytes: [UInt8]) { (values, text) = (max(valuesMax, bytes.count), max(textMax, 2 * bytes.count)) }

        mutating func add(text string: String) { text -= string.utf8.count }
        var isOver: Bool { values < 0 || text < 0 }
    }

    static func compose(_ bytes: [UInt8]) throws(DocumentError) -> Node? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DocumentError(reason: "not valid UTF-8")
        }
        // Yams hashes names while it composes, which takes exponential time for aliases of aliases.
        if YAMLAliases(bytes).mayExplodeInNames {
            throw DocumentError(reason: "aliases are used in the place of a member's name")
        }
        do {
            return try Yams.compose(yaml: text)
        } catch {
            switch error as? YamlError {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                throw DocumentError(line: mark.line, reason: "not valid YAML: \(problem)")
            case .reader(let problem, _, _, _): throw DocumentError(reason: "not valid YAML: \(problem)")
            case .duplicatedKeysInMapping(let names, let context):
                throw DocumentError(
                    line: context.mark.line,
                    reason: "the member \"\(names.first ?? "?")\" is here twice"
                )
            default: throw DocumentError(reason: "not valid YAML: \(error)")
            }
        }
    }

    package static func value(of bytes: [UInt8]) throws(DocumentError) -> JSON {
        guard let root = try compose(bytes) else { return .null }
        var growth = Growth(bytes)
        return try value(of: root, depth: 0, &growth)
    }

    private static func value(of node: Node, depth: Int, _ growth: inout Growth) throws(DocumentError) -> JSON {
        growth.values -= 1
        if let text = node.scalar?.string { growth.add(text: text) }
        if growth.isOver { throw DocumentError(line: node.mark?.line, reason: "its aliases make it too large") }
        if depth == JSONParser.depthMax, node.scalar == nil {
            throw DocumentError(line: node.mark?.line, reason: "nested deeper than \(JSONParser.depthMax) levels")
        }
        switch node {
        case .scalar(let scalar): return try YAMLScalar(scalar, line: node.mark?.line).value
        case .sequence(let sequence):
            try checkTag(sequence.tag, [.seq, .implicit], node)
            var elements: [JSON] = []
            for element in sequence { elements.append(try value(of: element, depth: depth + 1, &growth)) }
            return .array(elements)
        case .mapping(let mapping):
            try checkTag(mapping.tag, [.map, .implicit], node)
            return .object(try members(of: mapping, depth: depth, &growth))
        case .alias:
            throw DocumentError(line: node.mark?.line, reason: "an alias that names no anchor")
        }
    }

    /// The members of a mapping, with those of the mappings that `<<` names (YAML 1.1, merge key) in its place.
    ///
    /// The mapping's own members take precedence over merged ones, and earlier merged mappings over later ones.
    private static func members(
        of mapping: Node.Mapping,
        depth: Int,
        _ growth: inout Growth
    ) throws(DocumentError) -> OrderedDictionary<String, JSON> {
        var members: OrderedDictionary<String, JSON> = [:]
        var own: Set<String> = []
        for (key, member) in mapping {
            if isMergeKey(key) {
                for base in try bases(member) {
                    let merged = try self.members(of: base, depth: depth + 1, &growth)
                    for (name, value) in merged where members[name] == nil { members[name] = value }
                }
                continue
            }
            guard let name = key.scalar?.string else {
                throw DocumentError(line: key.mark?.line, reason: "a member's name must be a plain word")
            }
            growth.add(text: name)
            if !own.insert(name).inserted {
                throw DocumentError(line: key.mark?.line, reason: "the member \"\(name)\" is here twice")
            }
            members[name] = try value(of: member, depth: depth + 1, &growth)
        }
        return members
    }

    private static func isMergeKey(_ key: Node) -> Bool {
        guard let scalar = key.scalar, scalar.string == "<<" else { return false }
        return scalar.style == .plain || scalar.style == .any
    }

    /// The mappings that a merge key names: one, or a list of them.
    private static func bases(_ node: Node) throws(DocumentError) -> [Node.Mapping] {
        if let mapping = node.mapping { return [mapping] }
        guard let sequence = node.sequence else { throw noBase(node) }
        var bases: [Node.Mapping] = []
        for element in sequence {
            guard let mapping = element.mapping else { throw noBase(element) }
            bases.append(mapping)
        }
        return bases
    }

    private static func noBase(_ node: Node) -> DocumentError {
        DocumentError(
            line: node.mark?.line,
            reason: "\"<<\" takes an object, or a list of objects, mostly an alias such as *base; "
                + "a member of that name is written \"<<\" in quotes"
        )
    }

    private static func checkTag(_ tag: Tag, _ known: [Tag.Name], _ node: Node) throws(DocumentError) {
        if known.contains(where: { tag.description == $0.rawValue }) || tag.description == "!" { return }
        throw DocumentError(line: node.mark?.line, reason: "the tag \(tag.description) is not known here")
    }

    static func line(of path: [String], in bytes: [UInt8]) -> Int? {
        guard var node = (try? compose(bytes)) ?? nil else { return nil }
        var line = node.mark?.line
        for part in path {
            switch node {
            case .mapping(let mapping):
                guard let (key, value) = member(part, of: mapping) else { return nil }
                (node, line) = (value, key.mark?.line)
            case .sequence(let sequence):
                guard let index = Int(part), index < sequence.count else { return nil }
                node = sequence[index]
                line = node.mark?.line
            default: return nil
            }
        }
        return line
    }

    private static func member(_ name: String, of mapping: Node.Mapping) -> (key: Node, value: Node)? {
        if let own = mapping.first(where: { $0.key.scalar?.string == name }) { return own }
        let bases = mapping.first(where: { isMergeKey($0.key) }).flatMap { try? self.bases($0.value) } ?? []
        return bases.lazy.compactMap { member(name, of: $0) }.first
    }
}
