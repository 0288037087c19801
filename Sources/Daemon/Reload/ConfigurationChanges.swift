package import Documents
import Engine
import Jobs
import Models
package import OrderedCollections
import Tools
import Workflow

/// The differences in meaning between two configurations: neither notation nor a default that is spelled out counts.
package struct ConfigurationChanges: Sendable, Equatable {
    /// A member of an entry, before and after; nil where it is left out. Only the values of queues and workers are
    /// shown.
    package struct Member: Sendable, Equatable {
        package var name: String
        package var before: JSON?
        package var after: JSON?
    }

    /// The changes in one section of named entries.
    package struct Section: Sendable, Equatable {
        package var added: [String] = []
        package var removed: [String] = []
        package var changed: OrderedDictionary<String, [Member]> = [:]

        package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
    }

    /// The sections, in the order of a report.
    package static let sectionNames = ["queues", "workflows", "models", "tools", "mcp_servers"]

    /// Keyed by ``sectionNames``.
    package private(set) var sections: OrderedDictionary<String, Section> = [:]
    package private(set) var workers: [Member] = []
    /// Whether the redaction rules differ.
    package private(set) var isRedactionChanged = false

    package var isEmpty: Bool { sections.values.allSatisfy(\.isEmpty) && workers.isEmpty && !isRedactionChanged }

    /// - Parameter contents: Models that name a file, a script or authorities, whose contents have changed.
    init(from old: SpoolConfiguration, to new: SpoolConfiguration, contents: Set<String> = []) {
        let (before, after) = (old.document.value, new.document.value)
        func section<Value>(
            _ name: String,
            _ old: OrderedDictionary<String, Value>,
            _ new: OrderedDictionary<String, Value>,
            isSame: (Value, Value) -> Bool
        ) {
            var section = Section()
            section.added = new.keys.filter { old[$0] == nil }
            section.removed = old.keys.filter { new[$0] == nil }
            for (entry, value) in new {
                guard let earlier = old[entry], !isSame(earlier, value) else { continue }
                section.changed[entry] = Self.members(before[name]?[entry], after[name]?[entry])
            }
            sections[name] = section
        }
        section("queues", old.catalog.queues, new.catalog.queues, isSame: ==)
        section("workflows", old.catalog.workflows, new.catalog.workflows) {
            $0.workflow.source == $1.workflow.source
        }
        section("models", old.modelsByName, new.modelsByName, isSame: ==)
        for name in contents.sorted() where sections["models"]?.changed[name] == nil {
            sections["models"]?.changed[name] = []
        }
        section("tools", old.tools, new.tools, isSame: ==)
        section("mcp_servers", old.serversByName, new.serversByName, isSame: ==)
        if old.engine != new.engine { workers = Self.members(before["workers"], after["workers"]) }
        isRedactionChanged = before["redact"] != after["redact"]
    }

    private static func members(_ before: JSON?, _ after: JSON?) -> [Member] {
        let (old, new) = (before?.object ?? [:], after?.object ?? [:])
        let names = Array(new.keys) + old.keys.filter { new[$0] == nil }
        return names.filter { old[$0] != new[$0] }.map { Member(name: $0, before: old[$0], after: new[$0]) }
    }

    // MARK: For programs

    /// The sections whose values are shown: they hold no secret.
    private static let shownSections: Set<String> = ["queues"]

    /// The members of an answer; all of them are always there.
    package var members: [(String, JSON?)] {
        let sections = self.sections.map { name, section -> (String, JSON?) in
            let isShown = Self.shownSections.contains(name)
            let changed = section.changed.map { entry, members -> JSON in
                ["name": .string(entry), "members": .array(members.map { Self.json($0, isShown) })]
            }
            return (
                name,
                [
                    "added": .array(section.added.map(JSON.string)),
                    "removed": .array(section.removed.map(JSON.string)), "changed": .array(changed),
                ]
            )
        }
        return sections + [
            ("workers", .array(workers.map { Self.json($0, true) })), ("redact", .bool(isRedactionChanged)),
        ]
    }

    private static func json(_ member: Member, _ isShown: Bool) -> JSON {
        JSON(members: [
            ("member", .string(member.name)), ("from", isShown ? member.before ?? .null : nil),
            ("to", isShown ? member.after ?? .null : nil),
        ])
    }

    /// Reads the members of an answer; ignores what a later version adds.
    package init(_ json: JSON) {
        for name in Self.sectionNames {
            var section = Section()
            section.added = Self.strings(json[name]?["added"])
            section.removed = Self.strings(json[name]?["removed"])
            for entry in json[name]?["changed"]?.array ?? [] {
                guard let name = entry["name"]?.string else { continue }
                section.changed[name] = (entry["members"]?.array ?? []).compactMap(Self.member)
            }
            sections[name] = section
        }
        workers = (json["workers"]?.array ?? []).compactMap(Self.member)
        isRedactionChanged = json["redact"]?.bool ?? false
    }

    private static func strings(_ json: JSON?) -> [String] { json?.array?.compactMap(\.string) ?? [] }

    private static func member(_ json: JSON) -> Member? {
        json["member"]?.string.map { Member(name: $0, before: json["from"], after: json["to"]) }
    }
}

extension SpoolConfiguration {
    fileprivate var modelsByName: OrderedDictionary<String, ModelSettings> {
        OrderedDictionary(uniqueKeysWithValues: models.map { ($0.name, $0) })
    }

    fileprivate var serversByName: OrderedDictionary<String, MCPServerSettings> {
        OrderedDictionary(uniqueKeysWithValues: servers.map { ($0.name, $0) })
    }
}
