package import AsyncHTTPClient
import Documents
package import Jobs
import NIOCore
import NIOHTTPCompression
import NIOSSL
import Synchronization

/// The HTTP clients for models: one for all models that share a proxy and certificate authorities.
package final class ModelConnections: Sendable {
    /// More connections to one host than any setting allows.
    ///
    /// The workers, the models' `concurrency` and ``descriptors`` limit the calls. A call that waited inside the client
    /// would use up its timeout there.
    package static let perHostMax = 1_000_000
    /// How long the client keeps an unused connection, in seconds: a job's next call comes sooner, and idle connections
    /// cost descriptors and memory.
    private static let idleMax: Int64 = 15
    /// The largest accepted file of certificate authorities, in bytes.
    static let authoritiesBytesMax = 16 << 20

    /// What distinguishes one client from another.
    private struct Way: Hashable {
        var proxy: String?
        var authorities: String?
        /// The digest of the authorities file: a changed file gets a new client.
        var digest: String?
    }

    /// The descriptors that calls share; each call holds one.
    let descriptors: DescriptorPermits
    private let plain: HTTPClient
    private let environment: ProxyEnvironment
    private let directory: String
    private let clients = Mutex<[Way: HTTPClient]>([:])

    /// - Parameters:
    ///   - plain: The client for models without a proxy and authorities of their own, made with ``configuration``. It
    ///     must outlive this object, which does not shut it down.
    ///   - environment: The daemon's environment, which may name proxies.
    ///   - directory: The configuration's directory, which relative paths start from.
    ///   - descriptors: The descriptors that calls share; each call holds one.
    package init(
        plain: HTTPClient,
        environment: [String: String],
        directory: String,
        descriptors: DescriptorPermits = .unlimited
    ) {
        (self.plain, self.directory, self.descriptors) = (plain, directory, descriptors)
        self.environment = ProxyEnvironment(environment)
    }

    /// Settings that all clients share.
    package static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        // The client would turn a redirected POST into a GET; ``Redirects`` follows redirects instead.
        configuration.redirectConfiguration = .disallow
        // Some servers and proxies compress although the request does not ask for it.
        configuration.decompression = .enabled(limit: .size(ProviderCall.streamBytesMax))
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = perHostMax
        configuration.connectionPool.idleTimeout = .seconds(idleMax)
        // The job's retry policy decides; a retry in the client would only delay the error.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// The client for a model's server; it blocks when the model has a file of authorities.
    ///
    /// - Throws: ``DocumentError`` about the file, or about a proxy that the environment names.
    func client(for model: String, at endpoint: Endpoint, _ settings: ConnectionSettings) throws(DocumentError)
        -> HTTPClient
    {
        let proxy: ProxyAddress?
        do throws(Endpoint.Problem) {
            proxy = try Self.proxy(for: endpoint, settings, environment)?.proxy
        } catch {
            throw DocumentError(path: ["models", model], reason: error.reason)
        }
        if proxy == nil, settings.authorities == nil { return plain }
        let secret = proxy.map { "\($0.text) \($0.user ?? "") \($0.password)" }
        let authorities = try settings.authorities.map { path throws(DocumentError) in
            try bytes(of: BoundedFile.resolve(path, in: directory), model)
        }
        let digest = authorities.map { StableHash.text(of: $0) }
        let way = Way(proxy: secret, authorities: settings.authorities, digest: digest)
        if let known = clients.withLock({ $0[way] }) { return known }
        var configuration = Self.configuration
        configuration.proxy = proxy.map(Self.proxy)
        if let path = settings.authorities, let authorities {
            let path = BoundedFile.resolve(path, in: directory)
            configuration.tlsConfiguration = try Self.tls(trusting: authorities, from: path, model)
        }
        return clients.withLock { clients in
            if let known = clients[way] { return known }
            let client = HTTPClient(
                eventLoopGroupProvider: .shared(plain.eventLoopGroup),
                configuration: configuration
            )
            clients[way] = client
            return client
        }
    }

    private static func proxy(
        for endpoint: Endpoint,
        _ settings: ConnectionSettings,
        _ environment: ProxyEnvironment
    ) throws(Endpoint.Problem) -> ProxyEnvironment.Choice? {
        switch settings.proxy {
        case .none: nil
        case .server(let proxy): ProxyEnvironment.Choice(proxy: proxy, variable: "proxy")
        case .environment: try environment.proxy(for: endpoint)
        }
    }

    private static func proxy(_ address: ProxyAddress) -> HTTPClient.Configuration.Proxy {
        switch address.kind {
        case .socks5: .socksServer(host: address.host, port: address.port)
        case .http:
            .server(
                host: address.host,
                port: address.port,
                authorization: address.user.map { .basic(username: $0, password: address.password) }
            )
        }
    }

    private func bytes(of path: String, _ model: String) throws(DocumentError) -> [UInt8] {
        do throws(BoundedFile.ReadError) {
            return try BoundedFile.read(path, max: Self.authoritiesBytesMax)
        } catch {
            throw DocumentError(path: ["models", model, "ca_file"], reason: "\(path) cannot be read: \(error.reason)")
        }
    }

    private static func tls(
        trusting bytes: [UInt8],
        from path: String,
        _ model: String
    ) throws(DocumentError) -> TLSConfiguration {
        func error(_ reason: String) -> DocumentError {
            DocumentError(path: ["models", model, "ca_file"], reason: "\(path) cannot be used: \(reason)")
        }
        guard let authorities = try? NIOSSLCertificate.fromPEMBytes(bytes) else { throw error("it is no PEM file") }
        if authorities.isEmpty { throw error("no certificate stands in it") }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.additionalTrustRoots = [.certificates(authorities)]
        return configuration
    }

    /// Describes the proxy to a model, or why the model cannot be reached, as a sentence without its full stop.
    ///
    /// It shows no secret.
    ///
    /// - Returns: Nil for a direct connection.
    package static func way(to settings: ModelSettings, environment: [String: String]) -> String? {
        guard let endpoint = settings.source.endpoint else { return nil }
        do throws(Endpoint.Problem) {
            let choice = try proxy(for: endpoint, settings.connection, ProxyEnvironment(environment))
            return choice.map { choice in
                let source = choice.variable == "proxy" ? "as proxy says" : "as \(choice.variable) says"
                return
                    "the model \(settings.name) is reached at \(endpoint.place) through the proxy \(choice.proxy), \(source)"
            }
        } catch {
            return "the model \(settings.name) cannot be reached: \(error.reason)"
        }
    }

    /// Shuts down all clients except the plain one.
    package func shutdown() async throws {
        let all = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in all { try await client.shutdown() }
    }
}
