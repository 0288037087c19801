import Documents
import OrderedCollections

/// Checks one value against a compiled schema.
struct SchemaEvaluation {
    private static let nameLengthMax = 60

    private let nodes: [SchemaNode]
    private let checksMax: Int
    private var found: [String] = []
    private var wanted = JSONSchema.violationsMax
    private var checks = 0
    private var patternSteps: Int
    /// Why the value could not be checked to its end.
    private var giveUp: String?
    private var path: [String] = []

    init(_ nodes: [SchemaNode], checksMax: Int, patternSteps: Int) {
        (self.nodes, self.checksMax, self.patternSteps) = (nodes, checksMax, patternSteps)
    }

    mutating func violations(in value: JSON) -> [String] {
        check(value, 0, depth: 0)
        return giveUp.map { [$0] } ?? found
    }

    private var isDone: Bool { found.count >= wanted || giveUp != nil }

    private mutating func check(_ value: JSON, _ schema: Int, depth: Int) {
        checks += 1
        if checks > checksMax {
            giveUp = "the value is too complex for the schema: more than \(checksMax) checks"
        } else if depth > JSONSchema.depthMax {
            giveUp = "the value is nested too deep for the schema: more than \(JSONSchema.depthMax) levels"
        }
        if isDone { return }
        switch nodes[schema] {
        case .verdict(true): break
        case .verdict(false): report("nothing is allowed here")
        case .rules(let rules):
            for rule in rules where !isDone { apply(rule, to: value, depth: depth) }
        }
    }

    private mutating func report(_ reason: String) {
        if isDone { return }
        let place = path.isEmpty ? "the value" : JSONPointer.text(path.map(Self.shortened))
        found.append("\(place): \(reason)")
    }

    private static func shortened(_ name: String) -> String {
        name.count <= nameLengthMax ? name : name.prefix(nameLengthMax) + "…"
    }

    private mutating func check(_ value: JSON, at name: String, _ schema: Int, depth: Int) {
        path.append(name)
        check(value, schema, depth: depth + 1)
        path.removeLast()
    }

    /// The first violation of `schema` in `value`, without reporting it.
    private mutating func firstViolation(_ value: JSON, _ schema: Int, depth: Int) -> String? {
        let outer = (found, wanted)
        (found, wanted) = ([], 1)
        check(value, schema, depth: depth + 1)
        let first = found.first
        (found, wanted) = outer
        return first
    }

    private mutating func apply(_ rule: SchemaRule, to value: JSON, depth: Int) {
        switch rule {
        case .types, .enumeration, .constant: assert(rule, value)
        case .minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf: assertNumber(rule, value)
        case .length, .pattern: if case .string(let text) = value { assertString(rule, text) }
        case .itemCount, .uniqueItems, .prefixItems, .items:
            if case .array(let elements) = value { apply(rule, toItems: elements, depth: depth) }
        case .memberCount, .required, .properties, .additionalProperties:
            if case .object = value { apply(rule, toMembers: value, depth: depth) }
        case .reference(let schema): check(value, schema, depth: depth + 1)
        case .all(let schemas): for schema in schemas where !isDone { check(value, schema, depth: depth + 1) }
        case .any(let schemas): applyAny(schemas, to: value, depth: depth)
        case .one(let schemas): applyOne(schemas, to: value, depth: depth)
        case .not(let schema):
            if firstViolation(value, schema, depth: depth) == nil { report("fits what \"not\" excludes") }
        }
    }

    private mutating func assert(_ rule: SchemaRule, _ value: JSON) {
        switch rule {
        case .types(let types) where !types.contains { $0.holds(value) }:
            let expected = types.map(\.description).joined(separator: " or ")
            // `a whole number was expected, not a number` would be confusing.
            let actual = value.isNumber && types.contains(.integer) ? "one with a fraction" : value.kindName
            report("\(expected) was expected, not \(actual)")
        case .enumeration(let canonical, let values) where !canonical.contains(value.canonicalBytes):
            let shown = values.prefix(20).map(\.text).joined(separator: ", ")
            report("one of \(shown)\(values.count > 20 ? ", …" : "") was expected")
        case .constant(let canonical, let constant) where canonical != value.canonicalBytes:
            report("\(constant.text) was expected")
        default: break
        }
    }

    private mutating func assertNumber(_ rule: SchemaRule, _ value: JSON) {
        if !value.isNumber { return }
        switch rule {
        case .minimum(let limit) where value.isLess(than: limit): report("must be at least \(limit.text)")
        case .maximum(let limit) where limit.isLess(than: value): report("must be at most \(limit.text)")
        case .exclusiveMinimum(let limit) where !limit.isLess(than: value): report("must be more than \(limit.text)")
        case .exclusiveMaximum(let limit) where !value.isLess(than: limit): report("must be less than \(limit.text)")
        case .multipleOf(let divisor, let written) where ExactNumber(value)?.isMultiple(of: divisor) == false:
            report("must be a multiple of \(written.text)")
        default: break
        }
    }

    private mutating func assertString(_ rule: SchemaRule, _ text: String) {
        switch rule {
        case .length(let range): assert(text.unicodeScalars.count, in: range, "characters")
        case .pattern(let pattern):
            switch pattern.matches(text, steps: &patternSteps) {
            case true?: break
            case false?: report("must match the pattern \(pattern.text)")
            case nil: giveUp = "the value is too long for the pattern \(pattern.text)"
            }
        default: break
        }
    }

    private mutating func assert(_ count: Int, in range: ClosedRange<Int>, _ unit: String) {
        if count < range.lowerBound { report("must have at least \(range.lowerBound) \(unit), not \(count)") }
        if count > range.upperBound { report("must have at most \(range.upperBound) \(unit), not \(count)") }
    }

    private mutating func apply(_ rule: SchemaRule, toItems elements: [JSON], depth: Int) {
        switch rule {
        case .itemCount(let range): assert(elements.count, in: range, "items")
        case .uniqueItems where Set(elements.map(\.canonicalBytes)).count < elements.count:
            report("must not hold the same item twice")
        case .prefixItems(let schemas):
            for (position, (element, schema)) in zip(elements, schemas).enumerated() where !isDone {
                check(element, at: String(position), schema, depth: depth)
            }
        case .items(let schema, let from):
            for (position, element) in elements.enumerated().dropFirst(from) where !isDone {
                check(element, at: String(position), schema, depth: depth)
            }
        default: break
        }
    }

    private mutating func apply(_ rule: SchemaRule, toMembers value: JSON, depth: Int) {
        guard let members = value.object else { return }
        switch rule {
        case .memberCount(let range): assert(members.count, in: range, "members")
        case .required(let names):
            for name in names where members[name] == nil { report("the member \"\(name)\" is missing") }
        case .properties(let properties):
            for (name, schema) in properties where !isDone {
                if let member = members[name] { check(member, at: name, schema, depth: depth) }
            }
        case .additionalProperties(let schema, let known):
            for (name, member) in members where !known.contains(name) && !isDone {
                if case .verdict(false) = nodes[schema] {
                    report(unknown(name, known))
                } else {
                    check(member, at: name, schema, depth: depth)
                }
            }
        default: break
        }
    }

    private func unknown(_ name: String, _ known: [String]) -> String {
        let hint = known.isEmpty ? "no members are allowed" : "known here: \(known.joined(separator: ", "))"
        return "unknown member \"\(Self.shortened(name))\"; \(hint)"
    }

    private mutating func applyAny(_ schemas: [Int], to value: JSON, depth: Int) {
        var reasons: [String] = []
        for schema in schemas {
            guard let reason = firstViolation(value, schema, depth: depth) else { return }
            reasons.append(reason)
        }
        report("fits none of \(schemas.count) alternatives (\(Self.listed(reasons)))")
    }

    private mutating func applyOne(_ schemas: [Int], to value: JSON, depth: Int) {
        var reasons: [String] = []
        for schema in schemas {
            if let reason = firstViolation(value, schema, depth: depth) { reasons.append(reason) }
        }
        let fitting = schemas.count - reasons.count
        if fitting == 0 { report("fits none of \(schemas.count) alternatives (\(Self.listed(reasons)))") }
        if fitting > 1 { report("fits \(fitting) alternatives where exactly one is allowed") }
    }

    private static func listed(_ reasons: [String]) -> String {
        reasons.prefix(3).joined(separator: "; ") + (reasons.count > 3 ? "; …" : "")
    }
}
