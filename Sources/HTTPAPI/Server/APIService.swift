import Daemon
import Engine
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Spool

/// Accepts connections on every socket of the API, and answers their requests.
struct APIService: Service {
    let api: API
    /// Sockets that systemd passed to the daemon; they are used in the place of the configured ones.
    let passed: [CInt]

    /// A connection that sends no request for so long is closed; so is one whose request's head takes longer.
    static let idleTimeout: TimeAmount = .seconds(60)
    /// A connection whose other end takes no byte for so long, while bytes wait for it, is closed.
    private static let writePatience: TimeAmount = .seconds(30)
    private static let headers = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 16 << 10,
        maxHeaderListSize: 64 << 10,
        maxHeaderFieldCount: 100
    )

    private var logger: Logger { api.context.logger }

    func run() async throws {
        let listeners = try await listeners()
        let connections = Connections(max: api.connectionsMax, maxOfPeer: api.connectionsMax / 2)
        let responder = api.router.buildResponder()
        defer { for listener in listeners { listener.file?.remove() } }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for listener in listeners {
                    group.addTask { await accept(listener, connections, responder) }
                }
            }
        }
    }

    private typealias Connection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    private typealias Responder = RouterResponder<APIContext>

    /// A socket that is listened to.
    private struct Listener: Sendable {
        struct Accepted: Sendable {
            let connection: Connection
            let peer: Peer
        }

        let name: String
        /// The file of a Unix socket that this daemon made.
        let file: SocketFile?
        let channel: NIOAsyncChannel<Accepted, Never>
    }

    private func accept(_ listener: Listener, _ connections: Connections, _ responder: Responder) async {
        await withDiscardingTaskGroup { group in
            do {
                try await listener.channel.executeThenClose { accepted in
                    for try await accepted in accepted {
                        guard connections.enter(accepted.peer) else {
                            accepted.connection.channel.close(promise: nil)
                            continue
                        }
                        group.addTask {
                            await serve(accepted, responder)
                            connections.leave(accepted.peer)
                        }
                    }
                }
            } catch is CancellationError {
                // The daemon stops.
            } catch {
                logger.error("the API does not listen on \(listener.name) any more: \(error)")
            }
            group.cancelAll()
        }
    }

    private func serve(_ accepted: Listener.Accepted, _ responder: Responder) async {
        let exchange = Exchange(api: api, peer: accepted.peer, responder: responder)
        let channel = HTTP1Channel(
            responder: { request, writer, _ in try await exchange.answer(request, writer) },
            configuration: configuration
        )
        await channel.handle(value: accepted.connection, logger: logger)
    }

    private var configuration: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(idleTimeout: Self.idleTimeout, httpDecoderConfiguration: Self.headers)
    }

    // MARK: Listening

    private func listeners() async throws -> [Listener] {
        let settings = api.context.inForce().configuration.api
        var listeners: [Listener] = []
        for descriptor in passed { listeners.append(try await listener(on: descriptor, named: "the passed socket")) }
        if passed.isEmpty, let socket = settings.socket {
            let path = socket.hasPrefix("/") ? socket : "\(api.context.spool.path)/\(socket)"
            do throws(SocketFile.Failure) {
                let socket = try SocketFile.listen(
                    at: path,
                    mode: settings.socketMode,
                    opensDirectory: socket == APISettings.standardSocket
                )
                listeners.append(try await listener(on: socket.descriptor, named: path, file: socket))
            } catch {
                // The files are the way in that must work; a daemon whose socket cannot be made still takes drops.
                logger.warning("the API has no socket: \(error)")
            }
        }
        if passed.isEmpty {
            let tls = try settings.tls.map(Self.tlsContext)
            for address in settings.listen { listeners.append(try await listener(on: address, tls)) }
        }
        for listener in listeners { logger.notice("the API listens on \(listener.name)") }
        return listeners
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: api.context.platform.network)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
    }

    private func listener(on descriptor: CInt, named name: String, file: SocketFile? = nil) async throws(SocketFile
        .Failure) -> Listener
    {
        do {
            let channel = try await bootstrap.bind(descriptor, cleanupExistingSocketFile: false) { channel in
                setUp(channel, nil)
            }
            return Listener(name: name, file: file, channel: channel)
        } catch {
            throw SocketFile.Failure(description: "\(name): \(error)")
        }
    }

    private func listener(on address: APISettings.Address, _ tls: NIOSSLContext?) async throws -> Listener {
        do {
            let channel = try await bootstrap.bind(host: address.host, port: address.port) { channel in
                setUp(channel, tls)
            }
            let port = channel.channel.localAddress?.port ?? address.port
            let scheme = tls == nil ? "http" : "https"
            return Listener(name: "\(scheme)://\(address.host):\(port)", file: nil, channel: channel)
        } catch {
            throw SocketFile.Failure(description: "the API cannot listen on \(address.text): \(error)")
        }
    }

    private static func tlsContext(_ files: APISettings.TLSFiles) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map(NIOSSLCertificateSource.certificate)
        let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        )
    }

    private func setUp(_ channel: any Channel, _ tls: NIOSSLContext?) -> EventLoopFuture<Listener.Accepted> {
        let http = HTTP1Channel(responder: { _, _, _ in }, configuration: configuration)
        let logger = logger
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(WriteTimeout(Self.writePatience))
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
        }.flatMap {
            channel.localAddress?.protocol == .unix
                ? Peer.process(of: channel)
                : channel.eventLoop.makeSucceededFuture(.address(channel.remoteAddress?.ipAddress ?? "?"))
        }.flatMap { peer in
            http.setup(channel: channel, logger: logger).map { Listener.Accepted(connection: $0, peer: peer) }
        }
    }
}
