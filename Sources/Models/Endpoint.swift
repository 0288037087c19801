import FoundationEssentials

/// Where a provider listens: an http or https URL to which the API's paths are added.
package struct Endpoint: Sendable, Equatable {
    /// Why a text is no such URL, as a sentence without its full stop. It never repeats the text.
    struct Problem: Error, Equatable {
        let reason: String
    }

    /// Without a slash at its end, and without a query.
    package let baseURL: String
    /// As it is written; an IPv6 address stands in brackets.
    package let host: String
    /// 80 or 443, after the scheme, where the URL names none.
    package let port: Int
    /// Whether the scheme is https.
    package let isSecure: Bool
    /// What stands behind the question mark, as it is written; nil where there is none.
    let query: String?

    /// An IPv6 address without its brackets.
    var bareHost: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }

    /// The base URL and its query.
    package var text: String { baseURL + (query.map { "?\($0)" } ?? "") }

    /// `host:port`, for messages.
    package var place: String { "\(host):\(port)" }

    init(baseURL text: String) throws(Problem) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let parts = URLComponents(string: text, encodingInvalidCharacters: false),
            let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https"
        else { throw Problem(reason: "a URL such as http://127.0.0.1:11434/v1 was expected") }
        guard let host = parts.host, !host.isEmpty else { throw Problem(reason: "the URL names no host") }
        if parts.user != nil || parts.password != nil {
            throw Problem(reason: "the URL must hold no user or password; keys belong to api_key")
        }
        if parts.fragment != nil { throw Problem(reason: "the URL must have no part behind a #") }
        if let port = parts.port, !(1...65_535).contains(port) {
            throw Problem(reason: "the URL's port must be from 1 to 65535")
        }
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        query = halves.count == 2 && !halves[1].isEmpty ? halves[1] : nil
        var base = halves[0]
        while base.hasSuffix("/") { base.removeLast() }
        if base.hasSuffix("/chat/completions") {
            throw Problem(reason: "leave /chat/completions out; the URL ends before it, mostly in /v1")
        }
        if base.hasSuffix("/v1/messages") {
            throw Problem(reason: "leave /v1/messages out; the URL ends before it")
        }
        baseURL = base
        self.host = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        isSecure = scheme == "https"
        port = parts.port ?? (scheme == "https" ? 443 : 80)
    }
}
