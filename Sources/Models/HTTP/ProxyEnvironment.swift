import Documents

/// The proxy variables of the daemon's environment, read as curl and other programs read them.
package struct ProxyEnvironment: Sendable {
    private let variables: [String: String]

    package init(_ variables: [String: String]) { self.variables = variables }

    /// A proxy, and the variable that names it.
    struct Choice: Equatable {
        var proxy: ProxyAddress
        var variable: String
    }

    /// The proxy that the environment names for a server; nil for a direct connection.
    ///
    /// Connections to this machine are always direct.
    ///
    /// - Throws: ``Endpoint/Problem`` for a variable that is not a proxy's URL; it hides the value, which may hold a
    ///   password.
    func proxy(for endpoint: Endpoint) throws(Endpoint.Problem) -> Choice? {
        if isLoopback(endpoint.bareHost) || isExempt(endpoint) { return nil }
        let names =
            endpoint.isSecure
            ? ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            : ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
        for name in names {
            guard let text = variables[name], !text.isEmpty else { continue }
            do throws(Endpoint.Problem) {
                return Choice(proxy: try ProxyAddress(text), variable: name)
            } catch {
                throw Endpoint.Problem(reason: "the environment variable \(name) is of no use: \(error.reason)")
            }
        }
        return nil
    }

    private func isLoopback(_ host: String) -> Bool {
        let host = host.lowercased()
        return host == "localhost" || host.hasSuffix(".localhost") || host == "::1" || host == "0.0.0.0"
            || IPv4Address(host).map { $0.number >> 24 == 127 } == true
    }

    /// Whether `NO_PROXY` names the server: by its name or a domain that it is in, its address or network, or `*`.
    private func isExempt(_ endpoint: Endpoint) -> Bool {
        guard let list = variables["no_proxy"] ?? variables["NO_PROXY"] else { return false }
        let host = endpoint.bareHost.lowercased()
        return list.split { $0 == "," || $0.isWhitespace }.contains { entry in
            var entry = entry.lowercased()
            if entry == "*" { return true }
            if let network = IPv4Network(entry), let address = IPv4Address(host) { return network.contains(address) }
            if entry.hasPrefix("[") {
                let parts = entry.dropFirst().split(separator: "]", maxSplits: 1).map(String.init)
                guard parts.first == host else { return false }
                return parts.count == 1 || parts[1] == ":\(endpoint.port)"
            }
            // One colon separates a port; more belong to an IPv6 address.
            if entry.count(where: { $0 == ":" }) == 1, let colon = entry.firstIndex(of: ":") {
                if entry[entry.index(after: colon)...] != String(endpoint.port) { return false }
                entry = String(entry[..<colon])
            }
            if entry.hasPrefix("*.") { entry.removeFirst() }
            while entry.hasPrefix(".") { entry.removeFirst() }
            return !entry.isEmpty && (host == entry || host.hasSuffix(".\(entry)"))
        }
    }
}

private struct IPv4Address {
    let number: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard let part else { return nil }
            number = number << 8 | UInt32(part)
        }
        self.number = number
    }
}

/// `10.0.0.0/8`
private struct IPv4Network {
    let address: IPv4Address
    let bits: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let bits = UInt32(parts[1]), bits <= 32 else {
            return nil
        }
        (self.address, self.bits) = (address, bits)
    }

    func contains(_ other: IPv4Address) -> Bool {
        bits == 0 || address.number >> (32 - bits) == other.number >> (32 - bits)
    }
}
