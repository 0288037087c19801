package import Documents
package import Jobs
package import OrderedCollections

/// Which model answers a line of a batch that names one.
package struct BatchModelMap: Sendable, Equatable {
    /// Stands for every name that matches nothing else.
    static let anyName = "*"
    /// The name that means the model of the workflow's own step.
    static let ownName = "default"

    /// The rules of the queue and the workflow: a configured model's name by the name in the line.
    private let map: OrderedDictionary<String, String>
    /// The configured models, each with its name at the provider; nil where there is none.
    private let configured: OrderedDictionary<String, String?>

    package init(map: OrderedDictionary<String, String>, configured: OrderedDictionary<String, String?>) {
        (self.map, self.configured) = (map, configured)
    }

    /// The configured model that answers a line.
    ///
    /// The map takes precedence, then a configured model of that name, then one with that name at its provider. Similar
    /// names do not match: `gpt-4o` is not `gpt-4o-2024-08-06`.
    ///
    /// - Parameters:
    ///   - name: The name in the line; nil when it has none.
    ///   - own: The model of the workflow's step.
    /// - Throws: `Failure` with the code `model_mismatch`.
    package func model(for name: String?, own: String) throws(Failure) -> String {
        guard let name, !name.isEmpty, name != Self.ownName else { return own }
        if let mapped = map[name] { return target(mapped, own) }
        if configured[name] != nil { return name }
        if configured[own] == .some(name) { return own }
        if let known = configured.first(where: { $0.value == name })?.key { return known }
        if let mapped = map[Self.anyName] { return target(mapped, own) }
        var failure = Failure(
            .permanent,
            "the line names the model \"\(name)\", and no configured model has that name: configure it, or say which "
                + "model answers, with models: {\(name): \(own)} in the queue or the workflow"
        )
        failure.code = "model_mismatch"
        throw failure
    }

    private func target(_ name: String, _ own: String) -> String { configured[name] == nil ? own : name }

    /// Reads `models` of a queue or a workflow.
    ///
    /// - Throws: `DocumentError` for a name that is no configured model's.
    package static func map(
        _ reader: MemberReader,
        known: Set<String>
    ) throws(DocumentError) -> OrderedDictionary<String, String> {
        guard let members = try reader.object("models") else { return [:] }
        var map: OrderedDictionary<String, String> = [:]
        for name in members.value.object?.keys ?? [] {
            guard let model = try members.string(name) else { continue }
            guard known.contains(model) || model == ownName else {
                throw members.error(name, "there is no model \"\(model)\" under models")
            }
            map[name] = model
        }
        return map
    }
}
