import OrderedCollections

/// Reads the members of one object of a document, strictly: an unknown member or a value of the wrong kind is an error.
package struct MemberReader: Sendable {
    package let document: Document
    package let path: [String]
    package let value: JSON

    package init(_ document: Document) throws(DocumentError) {
        try self.init(document, path: [], value: document.value)
    }

    package init(_ document: Document, path: [String], value: JSON) throws(DocumentError) {
        guard value.object != nil else {
            throw document.error(at: path, "an object with members was expected, not \(value.kindName)")
        }
        (self.document, self.path, self.value) = (document, path, value)
    }

    package func error(_ member: String? = nil, _ reason: String) -> DocumentError {
        document.error(at: path + (member.map { [$0] } ?? []), reason)
    }

    /// Refuses members that are not in `known`, and says which one may have been meant.
    package func allowOnly(_ known: [String]) throws(DocumentError) {
        for name in value.object?.keys ?? [] where !known.contains(name) {
            let meant = known.min { $0.editDistance(to: name) < $1.editDistance(to: name) }
            let hint =
                meant.flatMap { $0.editDistance(to: name) <= 2 ? "did you mean \"\($0)\"?" : nil }
                ?? "known here: \(known.joined(separator: ", "))"
            throw error(name, "unknown member; \(hint)")
        }
    }

    /// The member, or nil when it is missing or null.
    package func json(_ name: String) -> JSON? { value[name].flatMap { $0.isNull ? nil : $0 } }

    /// Reads a member through `convert`, which returns nil for a value of the wrong kind.
    package func optional<Value>(
        _ name: String,
        _ expected: String,
        _ convert: (JSON) -> Value?
    ) throws(DocumentError) -> Value? {
        guard let value = json(name) else { return nil }
        guard let converted = convert(value) else {
            let shown = value.text.count <= 40 ? value.text : value.kindName
            throw error(name, "\(expected) was expected, not \(shown)")
        }
        return converted
    }

    package func string(_ name: String) throws(DocumentError) -> String? {
        try optional(name, "a string") { $0.string }
    }

    package func bool(_ name: String) throws(DocumentError) -> Bool? {
        try optional(name, "true or false") { $0.bool }
    }

    package func int(_ name: String, in range: ClosedRange<Int>) throws(DocumentError) -> Int? {
        try optional(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package func number(_ name: String, in range: ClosedRange<Double>) throws(DocumentError) -> Double? {
        try optional(name, "a number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.double.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package func duration(_ name: String) throws(DocumentError) -> Duration? {
        try optional(name, "a duration such as 90s, 15m, 2h or 7d") { value in
            value.string.flatMap(Duration.init(text:))
        }
    }

    package func strings(_ name: String) throws(DocumentError) -> [String]? {
        try optional(name, "a list of strings") { value in
            guard let elements = value.array else { return nil }
            let strings = elements.compactMap(\.string)
            return strings.count == elements.count ? strings : nil
        }
    }

    package func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        _: Value.Type = Value.self
    ) throws(DocumentError) -> Value? {
        let choices = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return try optional(name, "one of \(choices)") { $0.string.flatMap(Value.init(rawValue:)) }
    }

    /// A reader for the object that is the member `name`.
    package func object(_ name: String) throws(DocumentError) -> MemberReader? {
        guard let value = json(name) else { return nil }
        return try MemberReader(document, path: path + [name], value: value)
    }

    /// Readers for the objects that are the values of the object `name`, by their names.
    package func objects(_ name: String) throws(DocumentError) -> [(name: String, members: MemberReader)] {
        guard let outer = try object(name) else { return [] }
        var readers: [(String, MemberReader)] = []
        for (key, value) in outer.value.object ?? [:] {
            readers.append((key, try MemberReader(document, path: outer.path + [key], value: value)))
        }
        return readers
    }

    /// Readers for the objects in the list `name`.
    package func list(_ name: String) throws(DocumentError) -> [MemberReader] {
        guard let value = json(name) else { return [] }
        guard let elements = value.array else { throw error(name, "a list was expected, not \(value.kindName)") }
        var readers: [MemberReader] = []
        for (index, element) in elements.enumerated() {
            readers.append(try MemberReader(document, path: path + [name, String(index)], value: element))
        }
        return readers
    }
}

extension String {
    /// The Levenshtein distance; where it is over 2, any number over 2.
    package func editDistance(to other: String) -> Int {
        // The submitter may send long names, for which the table would cost too much; names that differ so much in
        // length are not alike anyway.
        let difference = abs(count - other.count)
        if difference > 2 { return difference }
        let (source, target) = (Array(self), Array(other))
        var row = Array(0...target.count)
        for (i, character) in source.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, wanted) in target.enumerated() {
                let substitution = previous + (character == wanted ? 0 : 1)
                previous = row[j + 1]
                row[j + 1] = Swift.min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[target.count]
    }
}
