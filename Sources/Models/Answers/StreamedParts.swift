import Documents
import Jobs
import OrderedCollections

/// Joins parts: a server sends a long thought as many small parts, and expects it back as one.
enum StreamedParts {
    /// Members of a part that grow from piece to piece.
    private static let growing = ["thinking", "text", "reasoning", "summary"]

    /// Adds a part, or joins it to the last one.
    static func add(_ part: JSON, to parts: inout [JSON]) {
        if let joined = parts.last.flatMap({ join($0, part) }) {
            parts[parts.count - 1] = joined
        } else {
            parts.append(part)
        }
    }

    /// Two pieces as one part; nil for parts that stay separate.
    private static func join(_ first: JSON, _ second: JSON) -> JSON? {
        guard var members = first.object, let type = first["type"], type == second["type"], type != "refusal" else {
            return nil
        }
        if let one = first["index"], let other = second["index"], one != other { return nil }
        // A signed part is complete.
        if signature(first) != nil { return nil }
        guard let name = growing.first(where: { second[$0]?.isNull == false }) ?? (signature(second).map { _ in "" })
        else {
            return nil
        }
        switch (members[name], second[name]) {
        // Some servers repeat the whole text with the signature.
        case (.string(let one), .string(let other)):
            members[name] = .string(signature(second) != nil && other == one ? one : one + other)
        case (.array(let one), .array(let other)):
            var joined = one
            for part in other { add(part, to: &joined) }
            members[name] = .array(joined)
        case (_, nil): break
        case (nil, let value), (.null, let value): members[name] = value
        default: return nil
        }
        for (name, value) in second.object ?? [:] where members[name]?.isNull != false || members[name] == "" {
            members[name] = value
        }
        return .object(members)
    }

    private static func signature(_ part: JSON) -> String? {
        part["signature"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
