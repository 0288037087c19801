package import Documents
package import Jobs
import Mustache
import OrderedCollections

/// A JSON value in whose strings `{{…}}` stands for values of the scope.
///
/// A string that is one reference and nothing else, `"{{steps.find.output}}"`, becomes the value itself. In any other
/// string Mustache fills in the references as text, without escaping.
package struct Template: Sendable {
    private indirect enum Part: Sendable {
        case literal(JSON)
        case reference([String])
        case text(MustacheTemplate, needsText: Bool)
        case array([Part])
        case object([(name: String, part: Part)])
    }

    private let part: Part

    /// The most levels of a rendered value: outputs can grow from step to step, and a history must hold them.
    private static let depthMax = 512

    /// - Throws: ``DocumentError`` naming the member whose template is wrong.
    package init(_ value: JSON, at path: [String], in reader: MemberReader, steps: Set<String>) throws(DocumentError) {
        part = try Self.part(value, path, reader, steps)
    }

    private static func part(
        _ value: JSON,
        _ path: [String],
        _ reader: MemberReader,
        _ steps: Set<String>
    ) throws(DocumentError) -> Part {
        switch value {
        case .string(let text) where text.contains("{{"):
            if let reference = wholeReference(text) {
                if let reason = Reference.fault(in: reference, steps: steps) {
                    throw reader.document.error(at: path, reason)
                }
                return .reference(reference)
            }
            if let reason = Reference.fault(inText: text, steps: steps) {
                throw reader.document.error(at: path, reason)
            }
            do {
                let template = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + text)
                return .text(template, needsText: needsInputText(text))
            } catch {
                throw reader.document.error(at: path, "not a template: \(error)")
            }
        case .array(let elements):
            var parts: [Part] = []
            for (index, element) in elements.enumerated() {
                parts.append(try part(element, path + [String(index)], reader, steps))
            }
            return .array(parts)
        case .object(let members):
            var parts: [(String, Part)] = []
            for (name, member) in members { parts.append((name, try part(member, path + [name], reader, steps))) }
            return .object(parts)
        default: return .literal(value)
        }
    }

    private static let inputText = ["input", "text"]

    /// Whether a text uses `input.text`, and has no section on it that covers its absence.
    private static func needsInputText(_ text: String) -> Bool {
        let tags = MustacheTag.tags(in: text).filter { $0.name == inputText.joined(separator: ".") }
        return !tags.isEmpty && !tags.contains(where: \.beginsSection)
    }

    /// The parts of the reference that a text consists of: `{{steps.find.output}}`.
    static func wholeReference(_ text: String) -> [String]? {
        guard text.hasPrefix("{{"), text.hasSuffix("}}"), text.count > 4 else { return nil }
        let name = text.dropFirst(2).dropLast(2).trimmingPrefix { $0 == " " }
        let end = name.lastIndex { $0 != " " }.map { name.index(after: $0) } ?? name.startIndex
        return Reference.parts(of: name[..<end])
    }

    /// Fills in the values.
    ///
    /// - Throws: ``Failure``, permanent, when the value that a whole string refers to is missing, or the result is
    ///   nested too deep.
    package func render(_ scope: Scope) throws(Failure) -> JSON {
        let value = try Self.render(part, scope)
        if value.isNested(deeperThan: Self.depthMax) {
            throw Failure(.permanent, "a template gives a value that is nested deeper than \(Self.depthMax) levels")
        }
        return value
    }

    /// The rendered value as text: a string as it is, anything else as JSON.
    package func renderText(_ scope: Scope) throws(Failure) -> String {
        let value = try render(scope)
        return value.string ?? value.text
    }

    private static func render(_ part: Part, _ scope: Scope) throws(Failure) -> JSON {
        switch part {
        case .literal(let value): return value
        case .reference(let path):
            guard let value = scope.value(at: path) else {
                if let problem = scope.textProblem, path == inputText { throw problem }
                throw Failure(
                    .permanent,
                    "the template {{\(path.joined(separator: "."))}} refers to something that is not there",
                    hint: "give the job this input, or mend the workflow"
                )
            }
            return value
        case .text(let template, let needsText):
            if needsText, let problem = scope.textProblem { throw problem }
            return .string(template.render(MustacheValue(.object(scope.values))))
        case .array(let parts):
            var elements: [JSON] = []
            for part in parts { elements.append(try render(part, scope)) }
            return .array(elements)
        case .object(let parts):
            var members: OrderedDictionary<String, JSON> = [:]
            for (name, part) in parts { members[name] = try render(part, scope) }
            return .object(members)
        }
    }
}

/// The dotted names that templates and conditions refer to.
enum Reference {
    /// The parts of `steps.classify.output`; nil when the text is no dotted name.
    static func parts(of text: some StringProtocol) -> [String]? {
        let isName = text.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || "_-.0123456789".unicodeScalars.contains($0)
        }
        guard !text.isEmpty, isName else { return nil }
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "." }.map { String($0) }
        return parts.contains("") ? nil : parts
    }

    /// What is wrong with a reference, or nil.
    static func fault(in parts: [String], steps: Set<String>, roots: [String] = Scope.roots) -> String? {
        guard let root = parts.first, roots.contains(root) else {
            let name = parts.joined(separator: ".")
            let known = roots.count > 1 ? roots.dropLast().joined(separator: ", ") + " or " : ""
            return "\"\(name)\" refers to nothing; a reference begins with \(known)\(roots.last ?? "")"
        }
        guard root == "steps" else { return nil }
        guard parts.count >= 2, steps.contains(parts[1]) else {
            let known = steps.isEmpty ? "there is none" : "there are \(steps.sorted().joined(separator: ", "))"
            return "\"\(parts.joined(separator: "."))\" refers to no step before this one; \(known)"
        }
        guard parts.count >= 3, parts[2] == "output" else {
            return "\"\(parts.joined(separator: "."))\": a step's output is at steps.\(parts[1]).output"
        }
        return nil
    }

    /// What is wrong with the references in a text, or nil.
    ///
    /// Names inside sections are relative, so a text with sections is checked for steps only.
    static func fault(inText text: String, steps: Set<String>) -> String? {
        let tags = MustacheTag.tags(in: text)
        let hasSections = tags.contains(where: \.beginsSection)
        for tag in tags {
            guard let parts = parts(of: tag.name) else { continue }
            if hasSections, parts.first != "steps" { continue }
            if let fault = fault(in: parts, steps: steps) { return fault }
        }
        return nil
    }
}

/// JSON as Mustache sees it.
private struct MustacheValue: MustacheParent, MustacheCustomRenderable {
    let value: JSON

    init(_ value: JSON) { self.value = value }

    func child(named name: String) -> Any? { Self.wrap(value.value(at: [name])) }

    static func wrap(_ value: JSON?) -> Any? {
        switch value {
        case nil: nil
        case .bool(let value): value
        case .array(let elements): MustacheList(elements)
        case .some(let value): MustacheValue(value)
        }
    }

    var renderText: String { value.isNull ? "" : value.string ?? value.text }
    var isNull: Bool { value.isNull || value == "" }
}

private struct MustacheList: MustacheSequence, MustacheParent, MustacheCustomRenderable {
    let elements: [JSON]

    init(_ elements: [JSON]) { self.elements = elements }

    func makeIterator() -> AnyIterator<Any> {
        var rest = elements.makeIterator()
        return AnyIterator { rest.next().flatMap(MustacheValue.wrap) }
    }

    func child(named name: String) -> Any? { MustacheValue.wrap(JSON.array(elements).value(at: [name])) }

    var renderText: String { JSON.array(elements).text }
    var isNull: Bool { false }
}
