import Documents

/// The template of a delivered file's name: text, with values of the job in `{{…}}`.
///
/// The name that it makes is one name in one directory: a value brings in no `/`, no control character and no dot at
/// the beginning of the name.
package struct DeliveryName: Sendable, Equatable {
    package let text: String

    /// NAME_MAX of Linux, in bytes.
    package static let bytesMax = 255

    package static let standardResult = DeliveryName(unchecked: "{{job.name}}.json")
    package static let standardError = DeliveryName(unchecked: "{{job.name}}.error.txt")

    /// The values that a template may name.
    private static let values = ["job.name", "job.stem", "job.id", "job.queue", "job.workflow", "job.outcome"]

    private init(unchecked text: String) { self.text = text }

    /// Reads a member; nil when it is missing.
    ///
    /// - Throws: ``DocumentError`` for a name that could leave the directory, or names a value that is not there.
    init?(_ member: String, _ reader: MemberReader) throws(DocumentError) {
        guard let text = try reader.string(member) else { return nil }
        let reason: String? =
            if text.isEmpty {
                "a file's name was expected, such as \"{{job.name}}.json\""
            } else if text.utf8.contains(UInt8(ascii: "/")) {
                "a file's name has no \"/\"; say in \"directory\" where it goes"
            } else if text.hasPrefix(".") {
                "a name that begins with a dot is hidden, and is used while a file is written"
            } else if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                "a file's name has no control characters"
            } else if Self.parts(of: text) == nil {
                "known here: \(Self.values.map { "{{\($0)}}" }.joined(separator: ", "))"
            } else {
                nil
            }
        if let reason { throw reader.error(member, reason) }
        self.text = text
    }

    private enum Part {
        case text(Substring)
        case value(String)
    }

    /// Nil where a tag names no value, or is not closed.
    private static func parts(of text: String) -> [Part]? {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            parts.append(.text(rest[..<open.lowerBound]))
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else { return nil }
            let name = rest[open.upperBound..<close.lowerBound].split(separator: " ").joined(separator: " ")
            guard values.contains(name) else { return nil }
            parts.append(.value(name))
            rest = rest[close.upperBound...]
        }
        return rest.contains("}}") ? nil : parts + [.text(rest)]
    }

    /// The file's name for a job that has ended.
    package func name(for replay: JobReplay) -> String {
        let name = (Self.parts(of: text) ?? []).map { part in
            switch part {
            case .text(let text): String(text)
            case .value(let name): Self.harmless(Self.value(name, of: replay))
            }
        }.joined()
        return Self.fitted(name)
    }

    private static func value(_ name: String, of replay: JobReplay) -> String {
        let acceptance = replay.acceptance
        return switch name {
        case "job.id": replay.name.id.text
        case "job.queue": acceptance?.queue ?? ""
        case "job.workflow": acceptance?.workflow ?? ""
        case "job.outcome": replay.outcome?.rawValue ?? ""
        case "job.stem": stem(of: acceptance?.name ?? "")
        default: acceptance?.name ?? ""
        }
    }

    /// The name without its ending; a dot at the beginning begins no ending.
    private static func stem(of name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    private static func harmless(_ value: String) -> String {
        let scalars = value.unicodeScalars.map { scalar in
            let isUnfit = scalar == "/" || scalar == "\u{FFFD}" || scalar.properties.generalCategory == .control
            return isUnfit ? "_" : Character(scalar)
        }
        return String(scalars)
    }

    /// The name with the job's id before it, for a name that is taken; from the second one on with a number, too.
    package static func name(_ name: String, after id: JobID, number: Int) -> String {
        fitted(number < 2 ? "\(id)-\(name)" : "\(id)-\(number)-\(name)")
    }

    /// The name, not empty, not hidden, and short enough: a long one loses its middle, never its ending.
    private static func fitted(_ name: String) -> String {
        var name = name
        if name.isEmpty { name = "_" }
        if name.hasPrefix(".") { name = "_" + name.dropFirst() }
        guard name.utf8.count > bytesMax else { return name }
        // The last two endings, such as `.pdf.json`, with the dots.
        let ending = String(
            name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().suffix(2).map { ".\($0)" }.joined()
        )
        let kept = ending.utf8.count <= 40 ? ending : ""
        var head = ""
        for character in name {
            guard head.utf8.count + character.utf8.count + kept.utf8.count < bytesMax else { break }
            head.append(character)
        }
        return head + "~" + kept
    }
}
