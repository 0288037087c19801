import Documents
import Hummingbird
import Jobs

/// The query of a request, read strictly: an unknown parameter is an error, as it would be a filter that does nothing.
struct Query {
    private let items: [(name: String, value: String)]

    init(_ items: [(name: String, value: String)]) { self.items = items }

    /// - Throws: ``Problem`` (400) for a parameter that is not in `known`.
    init(_ request: Request, known: Set<String>) throws(Problem) {
        items = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
        for item in items where !known.contains(item.name) {
            let meant = known.min { ($0.editDistance(to: item.name), $0) < ($1.editDistance(to: item.name), $1) }
            let hint = meant.map { "did you mean \($0)?" }
            throw Self.problem(item.name, "there is no parameter \(item.name)", hint: hint)
        }
    }

    func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    func value(_ name: String) throws(Problem) -> String? {
        let values = values(name)
        if values.count > 1 { throw Self.problem(name, "\(name) was given \(values.count) times") }
        return values.first
    }

    func int(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = try value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Self.problem(
                name,
                "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)"
            )
        }
        return number
    }

    func bool(_ name: String) throws(Problem) -> Bool? {
        guard let text = try value(name) else { return nil }
        switch text {
        case "true", "1", "": return true
        case "false", "0": return false
        default: throw Self.problem(name, "\(name) takes true or false, not \(text)")
        }
    }

    /// A time, or how long ago: `2026-11-24T02:00:00Z`, `2h`.
    func time(_ name: String, now: Timestamp) throws(Problem) -> Timestamp? {
        guard let text = try value(name) else { return nil }
        if let time = Timestamp(text: text) { return time }
        if let ago = Duration(text: text) { return Timestamp(milliseconds: now.milliseconds - ago.wholeMilliseconds) }
        throw Self.problem(name, "\(name) takes a time (RFC 3339), or a duration such as 2h, not \(text)")
    }

    /// A whole number of seconds to wait, in `wait`; an hour at most.
    func wait() throws(Problem) -> Duration? { try int("wait", in: 0...3_600).map { .seconds($0) } }

    static func problem(_ member: String, _ detail: String, hint: String? = nil) -> Problem {
        var problem = Problem(.badRequest, detail, hint: hint)
        problem.member = member
        return problem
    }
}
