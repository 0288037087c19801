import Documents

/// Names of tools, as providers allow them and as models write them.
package enum ToolNames {
    /// The longest name in characters, at OpenAI and at Anthropic.
    package static let lengthMax = 64

    /// The name in `[a-zA-Z0-9_-]{1,64}`, beginning with a letter or `_`, as the strictest providers require.
    package static func legal(_ name: String) -> String {
        var legal = LegalName.of(name)
        if legal.first?.isLetter != true, legal.first != "_" { legal = "_" + legal }
        return String(legal.prefix(lengthMax))
    }

    /// The index of the name that a model means: an exact match, else a match without what models put around names,
    /// ignoring case.
    ///
    /// - Returns: Nil when no name matches, or more than one does.
    package static func place(of name: String, amongst names: [String]) -> Int? {
        if let same = names.firstIndex(of: name) { return same }
        let bare = bare(name)
        if let same = names.firstIndex(of: bare) { return same }
        let forms = names.map(folded)
        for form in [folded(bare), folded(name)] where !form.isEmpty {
            let places = forms.indices.filter { forms[$0] == form }
            if places.count == 1 { return places[0] }
            if places.count > 1 { return nil }
        }
        return nil
    }

    private static let prefixes = [
        "functions.", "function.", "functions:", "function:", "functions/", "default_api.", "default_api:", "tools.",
        "tool.", "tools:", "tool:", "api.", "repo_browser.", "mcp__",
    ]

    /// The name without white space, quotes, brackets, a call's number, and the namespaces that models are trained
    /// with.
    private static func bare(_ name: String) -> String {
        var bare = name.trimmed
        while let first = bare.first, "\"'`<".contains(first) { bare = bare.dropFirst() }
        while let last = bare.last, "\"'`>".contains(last) { bare = bare.dropLast() }
        if bare.hasSuffix("()") { bare = bare.dropLast(2) }
        while let rest = prefixes.lazy.compactMap({ bare.dropping(prefixIgnoringCase: $0) }).first, !rest.isEmpty {
            bare = rest
        }
        // Kimi's models number their calls: `functions.look:0`.
        if let colon = bare.lastIndex(of: ":"), bare[bare.index(after: colon)...].allSatisfy(\.isNumber) {
            bare = bare[..<colon]
        }
        // Harmony's marks, which some servers pass through: `look<|channel|>commentary`.
        if let mark = bare.firstRange(ofIgnoringCase: "<|") { bare = bare[..<mark.lowerBound] }
        return String(bare.trimmed)
    }

    private static func folded(_ name: String) -> String {
        LegalName.of(name.lowercased()).replacing("-", with: "_")
    }
}
