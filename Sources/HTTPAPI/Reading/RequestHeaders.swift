import Documents
import HTTPTypes
import Hummingbird
import Jobs

/// The name of a drop that comes as a body.
enum DropNaming {
    /// The name in the query, else in Content-Disposition, else one that fits the type.
    ///
    /// - Throws: ``Problem`` (415) when none of them says what the body is.
    static func name(of request: Request, _ asked: String?) throws(Problem) -> String {
        let type = mediaType(request)
        var given = asked
        if given == nil { given = try fileName(request) }
        if let given {
            if given.contains("/") || given.contains("\0") {
                throw Query.problem("name", "a drop's name has no /: \(given)")
            }
            // The daemon knows a drop's kind by its ending.
            guard let ending = ending(of: type), isDocument(type), !given.hasSuffix(ending) else { return given }
            if DropExtension.of(given) == ending { return given }
            return given + ending
        }
        switch type {
        case "application/x-www-form-urlencoded", nil:
            throw Problem(
                .unsupportedMediaType,
                "the request does not say what its body is",
                hint: "send Content-Type: application/json, application/yaml or application/jsonl, or ?name=FILE"
            )
        case let type?:
            return "job\(ending(of: type) ?? ".bin")"
        }
    }

    private static func mediaType(_ request: Request) -> String? {
        request.headers[.contentType]?.split(separator: ";").first.map { $0.lowercased().trimmingSpaces() }
    }

    private static func isDocument(_ type: String?) -> Bool { type != "text/plain" }

    private static func ending(of type: String?) -> String? {
        switch type {
        case "application/json": ".json"
        case "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml": ".yaml"
        case "application/jsonl", "application/x-ndjson", "application/x-jsonlines": ".jsonl"
        case "text/plain": ".txt"
        case "text/csv": ".csv"
        default: nil
        }
    }

    /// The filename of Content-Disposition (RFC 6266).
    private static func fileName(_ request: Request) throws(Problem) -> String? {
        guard let header = request.headers[.contentDisposition] else { return nil }
        for part in header.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { String($0).trimmingSpaces() }
            guard pair.count == 2 else { continue }
            if pair[0].lowercased() == "filename*", let text = pair[1].split(separator: "'").last {
                return try PercentEncoding.decode(text)
            }
            if pair[0].lowercased() == "filename" { return pair[1].trimmingQuotes() }
        }
        return nil
    }
}

/// The Idempotency-Key header: a quoted string, or bare.
enum IdempotencyKeyHeader {
    static func read(_ request: Request) throws(Problem) -> String? {
        guard let text = request.headers[.init("Idempotency-Key")!] else { return nil }  // A valid name of a field.
        let key = text.trimmingSpaces().trimmingQuotes()
        if key.isEmpty || key.utf8.count > 512 {
            throw Query.problem("Idempotency-Key", "an idempotency key has 1 to 512 bytes")
        }
        return key
    }
}

/// The Prefer header (RFC 7240).
enum Preference {
    /// The seconds of `wait`, an hour at most.
    static func wait(_ request: Request) -> Duration? {
        let preferences = (request.headers[.prefer] ?? "").split(separator: ",").map { String($0).trimmingSpaces() }
        for preference in preferences where preference.lowercased().hasPrefix("wait=") {
            if let seconds = Int(preference.dropFirst(5)), seconds >= 0 { return .seconds(min(seconds, 3_600)) }
        }
        return nil
    }
}

extension HTTPField.Name {
    static let prefer = Self("Prefer")!  // A valid name.
    static let preferenceApplied = Self("Preference-Applied")!  // A valid name.
}

extension StringProtocol {
    fileprivate func trimmingSpaces() -> String {
        let rest = drop { $0 == " " || $0 == "\t" }
        guard let last = rest.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return String(rest[...last])
    }

    fileprivate func trimmingQuotes() -> String {
        count >= 2 && hasPrefix("\"") && hasSuffix("\"") ? String(dropFirst().dropLast()) : String(self)
    }
}
