import Documents
import FoundationEssentials

/// The address of a proxy: HTTP with tunnels (CONNECT), or SOCKS 5.
package struct ProxyAddress: Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case http, socks5
    }

    package let kind: Kind
    /// The host as written; an IPv6 address is without its brackets.
    package let host: String
    package let port: Int
    /// The user; neither it nor the password is ever shown.
    let user: String?
    let password: String

    /// Reads `http://proxy:3128`, `socks5://proxy:1080`, or `proxy:3128`, optionally with a user and a password.
    init(_ text: String) throws(Endpoint.Problem) {
        let url = text.contains("://") ? text : "http://\(text)"
        guard let parts = URLComponents(string: url, encodingInvalidCharacters: false),
            let scheme = parts.scheme?.lowercased(), var host = parts.host, !host.isEmpty
        else { throw Endpoint.Problem(reason: "a URL such as http://proxy.example.com:3128 was expected, or none") }
        switch scheme {
        case "http": kind = .http
        case "socks5", "socks5h", "socks": kind = .socks5
        default:
            throw Endpoint.Problem(reason: "a proxy whose URL begins with http:// or socks5:// was expected")
        }
        if let port = parts.port, !(1...65_535).contains(port) {
            throw Endpoint.Problem(reason: "the URL's port must be from 1 to 65535")
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self.host = host
        port = parts.port ?? (kind == .http ? 80 : 1_080)
        user = parts.user
        password = parts.password ?? ""
    }

    /// The URL, without user and password.
    package var text: String { "\(kind.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The same as ``text``.
    package var description: String { text }
}
