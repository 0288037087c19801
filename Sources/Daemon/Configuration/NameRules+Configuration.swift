import Documents
import Jobs
import Spool

extension NameRules {
    /// Reads a queue's `ignore` and `accept`.
    init(_ queue: MemberReader) throws(DocumentError) {
        self.init(ignore: try Self.patterns("ignore", queue), accept: try Self.patterns("accept", queue))
        if accept.isEmpty, queue.json("accept") != nil {
            throw queue.error("accept", "an empty list takes no file at all; leave it out to take every name")
        }
        if let index = accept.firstIndex(where: { $0.text.hasPrefix(".") }) {
            let text = accept[index].text
            let reason = "names that begin with a dot are left alone always; did you mean \"*\(text)\"?"
            throw queue.document.error(at: queue.path + ["accept", String(index)], reason)
        }
    }

    private static func patterns(_ member: String, _ queue: MemberReader) throws(DocumentError) -> [NamePattern] {
        if let text = queue.json(member)?.string {
            do throws(NamePattern.Fault) { return [try NamePattern(text)] } catch {
                throw queue.error(member, error.reason)
            }
        }
        var patterns: [NamePattern] = []
        for (index, text) in try (queue.strings(member) ?? []).enumerated() {
            do throws(NamePattern.Fault) {
                patterns.append(try NamePattern(text))
            } catch {
                throw queue.document.error(at: queue.path + [member, String(index)], error.reason)
            }
        }
        return patterns
    }
}
