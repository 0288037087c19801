import Documents
import FoundationEssentials

/// The address of a provider: an http or https URL to which the API's paths are appended.
package struct Endpoint: Sendable, Equatable {
    /// Why a text is not a valid URL, as a sentence without its full stop; it never repeats the text.
    struct Problem: Error, Equatable {
        let reason: String
    }

    /// The URL without a trailing slash and without its query.
    package let baseURL: String
    /// The host as written; an IPv6 address is in brackets.
    package let host: String
    /// The port; 80 or 443 by the scheme when the URL names none.
    package let port: Int
    /// Whether the scheme is https.
    package let isSecure: Bool
    /// The text after the question mark, as written; nil when there is none.
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
        for provider in Providers.http {
            guard let path = provider.path(to: .chat), base.hasSuffix(path) else { continue }
            throw Problem(reason: "leave \(path) out; \(provider.pathAdvice)")
        }
        baseURL = base
        self.host = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        isSecure = scheme == "https"
        port = parts.port ?? (scheme == "https" ? 443 : 80)
    }
}
