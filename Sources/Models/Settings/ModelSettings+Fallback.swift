package import Documents
import Jobs
package import OrderedCollections

extension ModelSettings {
    /// Checks that every fallback is a configured model, and that no chain of fallbacks is circular.
    ///
    /// - Parameters:
    ///   - models: All models of the configuration, by name.
    ///   - reader: The reader of the object that has the member `models`.
    /// - Throws: ``DocumentError`` with the line of the fallback.
    package static func checkFallbacks(
        _ models: OrderedDictionary<String, ModelSettings>,
        _ reader: MemberReader
    ) throws(DocumentError) {
        for (name, settings) in models {
            guard let fallback = settings.fallback else { continue }
            let path = reader.path + ["models", name, "fallback"]
            if models[fallback] == nil {
                throw reader.document.error(at: path, "there is no model \"\(fallback)\"")
            }
            var chain = [name]
            var next = settings.fallback
            while let link = next, !chain.contains(link) {
                chain.append(link)
                next = models[link]?.fallback
            }
            if next == name {
                let way = (chain + [name]).joined(separator: " → ")
                throw reader.document.error(at: path, "a model cannot stand in for itself: \(way)")
            }
        }
    }

    /// `names`, and the names of all their direct and indirect fallbacks.
    package static func withFallbacks(
        _ names: Set<String>,
        in models: OrderedDictionary<String, ModelSettings>
    ) -> Set<String> {
        var all = names
        var next = names.compactMap { models[$0]?.fallback }
        while let name = next.popLast() {
            if all.insert(name).inserted, let fallback = models[name]?.fallback { next.append(fallback) }
        }
        return all
    }
}
