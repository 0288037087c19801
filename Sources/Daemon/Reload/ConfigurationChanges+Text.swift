import Documents
import Jobs
import OrderedCollections

/// What changed, in words for people.
extension ConfigurationChanges {
    /// One change: the kind of what changed, its name (empty where there is only one of its kind), and how it changed.
    package struct Line: Sendable, Equatable {
        package var kind: String
        package var name: String
        package var change: String
    }

    /// Every change, in the order of the sections.
    package var lines: [Line] {
        var lines: [Line] = []
        for (section, kind) in zip(Self.sectionNames, ["queue", "workflow", "model", "tool", "MCP server"]) {
            guard let changes = sections[section] else { continue }
            lines += changes.added.map { Line(kind: kind, name: $0, change: "added") }
            lines += changes.removed.map { Line(kind: kind, name: $0, change: Self.removal[section] ?? "removed") }
            lines += changes.changed.map { name, members in
                Line(kind: kind, name: name, change: Self.text(members, isShown: section == "queues"))
            }
        }
        if !workers.isEmpty {
            lines.append(Line(kind: "workers", name: "", change: Self.text(workers, isShown: true)))
        }
        if isRedactionChanged {
            lines.append(Line(kind: "redact", name: "", change: "changed, for jobs that start now"))
        }
        return lines
    }

    private static let removal = ["queues": "removed: takes no more drops; its accepted jobs go on to their end"]

    private static func text(_ members: [Member], isShown: Bool) -> String {
        if members.isEmpty { return "the file that it names" }
        return members.map { member in
            guard isShown, let before = word(member.before), let after = word(member.after) else { return member.name }
            return "\(member.name) \(before) → \(after)"
        }.joined(separator: ", ")
    }

    /// Nil for an object or an array.
    private static func word(_ value: JSON?) -> String? {
        switch value {
        case nil, .null?: "default"
        case .object?, .array?: nil
        case .string(let text)?: text
        case let other?: other.text
        }
    }

    /// All changes in one sentence without its full stop, for the log.
    package var sentence: String {
        let lines = lines
        if lines.isEmpty { return "nothing changed" }
        let more = lines.count > Self.toldMax ? ["\(lines.count - Self.toldMax) changes more"] : []
        let told = lines.prefix(Self.toldMax).map { line in
            [line.kind, line.name].filter { !$0.isEmpty }.joined(separator: " ") + ": \(line.change)"
        }
        return (told + more).joined(separator: "; ")
    }

    /// The most changes in one line of the log.
    private static let toldMax = 20
}
