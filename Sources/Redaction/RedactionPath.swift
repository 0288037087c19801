import Documents
import OrderedCollections

/// A rule such as `input.card` or `arguments.*.secret`: where in a value a secret stands.
package struct RedactionPath: Sendable, Equatable {
    package let root: Redactor.Root
    /// Names of members and indices of lists below the root; `*` is any one of them.
    let members: [String]

    /// What is wrong with the text of a path.
    struct Fault: Error { var reason: String }

    init(_ text: String) throws(Fault) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let root = Redactor.Root(rawValue: parts[0]) else {
            let roots = Redactor.Root.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault(reason: "a path begins with one of \(roots), not with \"\(parts[0])\"")
        }
        if parts.contains("") { throw Fault(reason: "a part of the path between two dots is empty") }
        (self.root, members) = (root, Array(parts.dropFirst()))
    }

    /// The rest of each of `tails` that leads through the member `name`.
    static func follow(_ tails: [ArraySlice<String>], _ name: String) -> [ArraySlice<String>] {
        tails.compactMap { $0.first == "*" || $0.first == name ? $0.dropFirst() : nil }
    }

    /// The texts of all values that the path leads to, and of all values inside them.
    func values(in value: JSON) -> [String] { Self.values(in: value, members[...]) }

    private static func values(in value: JSON, _ tail: ArraySlice<String>) -> [String] {
        switch value {
        case .null, .bool: return []
        case .int, .double, .written: return tail.isEmpty ? [value.text] : []
        case .string(let text): return tail.isEmpty ? [text] : []
        case .array(let elements):
            if let index = tail.first.flatMap({ Int($0) }) {
                return elements.indices.contains(index) ? values(in: elements[index], tail.dropFirst()) : []
            }
            if let name = tail.first, name != "*" { return [] }
            return elements.flatMap { values(in: $0, tail.dropFirst()) }
        case .object(let members):
            if let name = tail.first, name != "*" {
                return members[name].map { values(in: $0, tail.dropFirst()) } ?? []
            }
            return members.values.flatMap { values(in: $0, tail.dropFirst()) }
        }
    }
}
