import Jobs
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

/// A provider on this machine: a real HTTP server that answers as a test says.
struct FakeProvider: Sendable {
    struct Request: Sendable {
        var method: HTTPMethod
        var path: String
        var headers: HTTPHeaders
        var body: JSON
    }

    struct Reply: Sendable {
        var status = 200
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        var body: String

        init(_ status: Int, headers: HTTPHeaders = [:], _ body: String) {
            (self.status, self.body) = (status, body)
            self.headers.add(contentsOf: headers)
        }

        init(_ body: String) { self.init(200, body) }
    }

    typealias Respond = @Sendable (Request) async throws -> Reply
    private typealias Channel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    let port: Int
    var baseURL: String { "http://127.0.0.1:\(port)/v1" }

    static func always(_ reply: Reply) -> Respond { { _ in reply } }

    /// Runs a server for as long as `body` does. A response that throws, or that never comes, ends with the server.
    static func run<Value: Sendable>(
        _ respond: @escaping Respond,
        _ body: @Sendable (FakeProvider) async throws -> Value
    ) async throws -> Value {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try Channel(wrappingChannelSynchronously: channel)
                }
            }
        let port = try #require(server.channel.localAddress?.port)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await connection in connections {
                            group.addTask { try? await serve(connection, respond) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(FakeProvider(port: port))
        }
    }

    private static func serve(_ connection: Channel, _ respond: Respond) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            var bytes: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let next): (head, bytes) = (next, [])
                case .body(let buffer): bytes.append(contentsOf: buffer.readableBytesView)
                case .end:
                    guard let head else { return }
                    let request = Request(
                        method: head.method,
                        path: head.uri,
                        headers: head.headers,
                        body: try JSONParser.parse(bytes)
                    )
                    let reply = try await respond(request)
                    let body = ByteBuffer(string: reply.body)
                    var headers = reply.headers
                    headers.add(name: "Content-Length", value: String(body.readableBytes))
                    let status = HTTPResponseStatus(statusCode: reply.status)
                    try await outbound.write(
                        .head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))
                    )
                    try await outbound.write(.body(.byteBuffer(body)))
                    try await outbound.write(.end(nil))
                }
            }
        }
    }
}

/// Requests as they came.
final class Recorder: Sendable {
    private let list = Mutex<[FakeProvider.Request]>([])

    var requests: [FakeProvider.Request] { list.withLock { $0 } }

    func add(_ request: FakeProvider.Request) { list.withLock { $0.append(request) } }
}
