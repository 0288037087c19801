package import Documents

/// One entry of the configuration's `redact`: `{pattern: 'sk-[A-Za-z0-9]{20,}'}` or `{path: input.card}`.
package enum RedactionRule: Sendable {
    case pattern(RedactionPattern)
    case path(RedactionPath)

    /// - Throws: ``DocumentError`` with line, member and what is wrong with the pattern or the path.
    package init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["pattern", "path"])
        switch (try reader.string("pattern"), try reader.string("path")) {
        case (let pattern?, nil):
            do { self = .pattern(try RedactionPattern(pattern)) } catch { throw reader.error("pattern", error.reason) }
        case (nil, let path?):
            do { self = .path(try RedactionPath(path)) } catch { throw reader.error("path", error.reason) }
        default: throw reader.error(nil, "either pattern or path was expected")
        }
    }

    /// The rules in the list `name`; none when it is missing.
    package static func rules(_ name: String, _ reader: MemberReader) throws(DocumentError) -> [RedactionRule] {
        var rules: [RedactionRule] = []
        for members in try reader.list(name) { rules.append(try RedactionRule(members)) }
        return rules
    }
}
