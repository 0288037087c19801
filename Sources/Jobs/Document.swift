import OrderedCollections
import Yams

/// A JSON or YAML text that was read, with a way back from a member to its line.
package struct Document: Sendable {
    package enum Format: Sendable, Equatable {
        case json, yaml

        /// By the ending of the file's name; nil when it is neither `.json` nor `.yaml` nor `.yml`.
        package init?(fileName: String) {
            switch DropEnding.of(fileName) {
            case ".json": self = .json
            case ".yaml", ".yml": self = .yaml
            default: return nil
            }
        }
    }

    package let value: JSON
    package let name: String?
    private let format: Format
    private let bytes: [UInt8]

    /// Parses `bytes`.
    ///
    /// - Parameter name: What errors call the document.
    /// - Throws: ``DocumentError`` with the line of the first thing that does not fit.
    package init(_ bytes: [UInt8], format: Format, name: String? = nil) throws(DocumentError) {
        let bytes = try Self.decoded(bytes, name)
        self.bytes = bytes
        self.format = format
        self.name = name
        switch format {
        case .json:
            do throws(JSONSyntaxError) {
                value = try JSONParser.parse(bytes)
            } catch {
                if let fault = TextFault(bytes) { throw DocumentError(document: name, reason: "\(fault)") }
                throw DocumentError(
                    document: name,
                    line: error.line,
                    reason: "not valid JSON at column \(error.column): \(error.reason)"
                )
            }
        case .yaml:
            do throws(DocumentError) {
                value = try YAML.value(of: bytes)
            } catch {
                if let fault = TextFault(bytes) { throw DocumentError(document: name, reason: "\(fault)") }
                throw DocumentError(document: name, line: error.line, path: error.path, reason: error.reason)
            }
        }
    }

    /// As UTF-8, whatever the text's mark says it is.
    private static func decoded(_ bytes: [UInt8], _ name: String?) throws(DocumentError) -> [UInt8] {
        do throws(TextFault) { return try TextEncoding.utf8(bytes) } catch {
            throw DocumentError(document: name, reason: "\(error)")
        }
    }

    /// An error about the member at `path`, with the line on which the member, or what should hold it, begins.
    package func error(at path: [String], _ reason: String) -> DocumentError {
        DocumentError(document: name, line: line(of: path), path: path, reason: reason)
    }

    private func line(of path: [String]) -> Int? {
        for length in stride(from: path.count, through: 0, by: -1) {
            let part = Array(path.prefix(length))
            let line =
                switch format {
                case .json: JSONParser.line(of: part, in: bytes)
                case .yaml: YAML.line(of: part, in: bytes)
                }
            if let line { return line }
        }
        return nil
    }
}

/// YAML 1.2's core schema, read through Yams into ``JSON``.
private enum YAML {
    /// A document that grows past so many values, or so many bytes of text, through its aliases is refused ("billion
    /// laughs"). One without aliases has no more of them than bytes, but for escapes that are shorter than their text.
    static let valuesMax = 100_000
    static let textMax = 1 << 20

    /// What a document may still grow to.
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
        // Yams hashes names while it composes, which for an alias of aliases would take for ever.
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

    static func value(of bytes: [UInt8]) throws(DocumentError) -> JSON {
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
        case .scalar(let scalar): return value(of: scalar, node)
        case .sequence(let sequence):
            var elements: [JSON] = []
            for element in sequence { elements.append(try value(of: element, depth: depth + 1, &growth)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: OrderedDictionary<String, JSON> = [:]
            for (key, member) in mapping {
                guard let name = key.scalar?.string else {
                    throw DocumentError(line: key.mark?.line, reason: "a member's name must be a plain word")
                }
                growth.add(text: name)
                if members.updateValue(try value(of: member, depth: depth + 1, &growth), forKey: name) != nil {
                    throw DocumentError(line: key.mark?.line, reason: "the member \"\(name)\" is here twice")
                }
            }
            return .object(members)
        case .alias:
            throw DocumentError(line: node.mark?.line, reason: "an alias that names no anchor")
        }
    }

    private static func value(of scalar: Node.Scalar, _ node: Node) -> JSON {
        let text = scalar.string
        // Quoted and block scalars are strings, whatever they look like.
        guard scalar.style == .any || scalar.style == .plain else { return .string(text) }
        if ["tag:yaml.org,2002:str", "!"].contains(scalar.tag.description) { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return .string(text) }
        if let value = Int64(text) { return .int(value) }
        if text.hasPrefix("0x"), let value = Int64(text.dropFirst(2), radix: 16) { return .int(value) }
        if text.hasPrefix("0o"), let value = Int64(text.dropFirst(2), radix: 8) { return .int(value) }
        let isDecimal = text.utf8.allSatisfy { "+-.eE0123456789".utf8.contains($0) }
        if isDecimal, let value = Double(text), value.isFinite { return .double(value) }
        return .string(text)
    }

    static func line(of path: [String], in bytes: [UInt8]) -> Int? {
        guard var node = (try? compose(bytes)) ?? nil else { return nil }
        var line = node.mark?.line
        for part in path {
            switch node {
            case .mapping(let mapping):
                guard let (key, value) = mapping.first(where: { $0.key.scalar?.string == part }) else { return nil }
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
}
