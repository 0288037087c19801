package import Documents
import Jobs
package import OrderedCollections

/// How a model's server is reached, besides its URL.
package struct ConnectionSettings: Sendable, Equatable {
    /// The value of a header.
    package enum Value: Sendable, Equatable {
        /// Written in the configuration, where every reader of the file sees it.
        case text(String)
        /// Stored elsewhere, as a key is.
        case kept(KeyReference)
    }

    /// The proxy in front of the server.
    package enum Proxy: Sendable, Equatable {
        /// The proxy that the environment names (`HTTPS_PROXY` and the like).
        case environment
        /// No proxy, whatever the environment says.
        case none
        case server(ProxyAddress)
    }

    /// Headers of every request, in addition to AgentSpool's own, by their names as written.
    package private(set) var headers: OrderedDictionary<String, Value> = [:]
    /// Query parameters of every request.
    package private(set) var query: OrderedDictionary<String, String> = [:]
    /// The path of a PEM file with certificate authorities that are trusted in addition to the system's.
    ///
    /// A relative path starts from the configuration's directory.
    package private(set) var authorities: String?
    package private(set) var proxy = Proxy.environment

    static let members = ["headers", "query", "ca_file", "proxy"]

    /// Headers that AgentSpool sets itself.
    private static let own: Set<String> = [
        "content-type", "content-length", "content-encoding", "host", "transfer-encoding", "connection", "accept",
        "accept-encoding", "expect", "te", "trailer", "upgrade", "idempotency-key",
    ]

    /// Reads `headers`, `query`, `ca_file` and `proxy` of a model.
    ///
    /// - Throws: ``DocumentError``, which never shows a header's value.
    package init(_ model: MemberReader) throws(DocumentError) {
        if let reader = try model.object("headers") { headers = try Self.headers(reader, of: model) }
        if let reader = try model.object("query") { query = try Self.query(reader) }
        authorities = try model.string("ca_file")
        if let path = authorities, path.isEmpty || path.utf8.contains(0) {
            throw model.error("ca_file", "the path of a PEM file was expected")
        }
        guard let text = try model.string("proxy") else { return }
        if text == "none" {
            proxy = .none
        } else {
            do throws(Endpoint.Problem) {
                let address = try ProxyAddress(text)
                if address.user != nil {
                    throw Endpoint.Problem(
                        reason:
                            "the URL must hold no user or password: set them in HTTPS_PROXY of the daemon's environment"
                    )
                }
                proxy = .server(address)
            } catch {
                throw model.error("proxy", error.reason)
            }
        }
    }

    private static func headers(
        _ reader: MemberReader,
        of model: MemberReader
    ) throws(DocumentError) -> OrderedDictionary<String, Value> {
        var headers: OrderedDictionary<String, Value> = [:]
        for (name, value) in reader.value.object ?? [:] {
            let lower = name.lowercased()
            guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
                throw reader.error(name, "this is no name of a header")
            }
            if own.contains(lower) { throw reader.error(name, "AgentSpool sets this header itself") }
            let provider = model.value["provider"]?.string.flatMap(Providers.named)
            if lower == provider?.keyHeader ?? "authorization", model.json("api_key") != nil {
                throw reader.error(name, "api_key sets this header already: leave one of the two out")
            }
            if headers.keys.contains(where: { $0.lowercased() == lower }) {
                throw reader.error(name, "this header is already set, in another letter case")
            }
            if let text = value.string ?? value.scalarText {
                guard isHeaderValue(text) else {
                    throw reader.error(name, "a text without line ends and control characters was expected")
                }
                headers[name] = .text(text)
            } else if let key = try KeyReference(reader, name) {
                headers[name] = .kept(key)
            } else {
                throw reader.error(name, "a text was expected, or {env: NAME}, {credential: NAME} or {file: PATH}")
            }
        }
        return headers
    }

    private static func query(_ reader: MemberReader) throws(DocumentError) -> OrderedDictionary<String, String> {
        var query: OrderedDictionary<String, String> = [:]
        for (name, value) in reader.value.object ?? [:] {
            guard let text = value.string ?? value.scalarText else { throw reader.error(name, "a text was expected") }
            query[name] = text
        }
        return query
    }

    /// RFC 9110, section 5.6.2.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    static func isHeaderValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
    }

    /// The settings as members of the configuration.
    var members: [(String, JSON?)] {
        let headers = headers.mapValues { value in
            switch value {
            case .text(let text): JSON.string(text)
            case .kept(let key): key.json
            }
        }
        let proxyText: String? =
            switch proxy {
            case .environment: nil
            case .none: "none"
            case .server(let address): address.text
            }
        return [
            ("headers", headers.isEmpty ? JSON?.none : .object(headers)),
            ("query", query.isEmpty ? JSON?.none : .object(query.mapValues(JSON.string))),
            ("ca_file", authorities.map(JSON.string)), ("proxy", proxyText.map(JSON.string)),
        ]
    }

    /// The query of a URL, with its question mark; empty when there is none.
    ///
    /// - Parameter first: The base URL's own query, as written.
    func queryText(after first: String?) -> String {
        let added = query.map { "\(Self.encoded($0))=\(Self.encoded($1))" }
        let parts = ([first].compactMap(\.self).filter { !$0.isEmpty }) + added
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                encoded.unicodeScalars.append(UnicodeScalar(byte))
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(UnicodeScalar(byte))
            default:
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

extension JSON {
    /// A value that was written without quotes where a string is expected: `2`, `true`.
    fileprivate var scalarText: String? {
        switch self {
        case .object, .array, .null: nil
        default: text
        }
    }
}
