import Documents
import Jobs
import NIOCore
import NIOHTTP1
import NIOPosix
import TestKit
import Testing

/// A provider on this machine: a real HTTP server whose answers the test defines.
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
        /// Sent one by one instead of the body, without a Content-Length.
        var pieces: [String]?
        var ending = Ending.end
        /// If set, the pieces after the first wait for it.
        var gate: Gate?

        init(_ status: Int, headers: HTTPHeaders = [:], _ body: String) {
            (self.status, self.body) = (status, body)
            self.headers.add(contentsOf: headers)
        }

        init(_ body: String) { self.init(200, body) }

        static func stream(_ pieces: [String], ending: Ending = .end) -> Reply {
            var reply = Reply("")
            reply.headers = ["Content-Type": "text/event-stream; charset=utf-8"]
            (reply.pieces, reply.ending) = (pieces, ending)
            return reply
        }
    }

    /// What follows the last piece.
    enum Ending: Sendable {
        case end, stall, hangUp
    }

    private struct HangUp: Error {}

    typealias Respond = @Sendable (Request) async throws -> Reply
    private typealias Channel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    let port: Int
    /// The URL without a path, as Anthropic's API needs it.
    var rootURL: String { "http://127.0.0.1:\(port)" }
    var baseURL: String { "\(rootURL)/v1" }

    static func always(_ reply: Reply) -> Respond { { _ in reply } }

    /// Runs a server while `body` runs.
    ///
    /// A response that throws closes its connection; one that never comes is cancelled at the end.
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
            var requestHead: HTTPRequestHead?
            var bytes: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let next): (requestHead, bytes) = (next, [])
                case .body(let buffer): bytes.append(contentsOf: buffer.readableBytesView)
                case .end:
                    guard let requestHead else { return }
                    let request = Request(
                        method: requestHead.method,
                        path: requestHead.uri,
                        headers: requestHead.headers,
                        body: try JSONParser.parse(bytes)
                    )
                    let reply = try await respond(request)
                    var head = HTTPResponseHead(
                        version: .http1_1,
                        status: HTTPResponseStatus(statusCode: reply.status),
                        headers: reply.headers
                    )
                    if reply.pieces == nil {
                        head.headers.add(name: "Content-Length", value: "\(reply.body.utf8.count)")
                    }
                    try await outbound.write(.head(head))
                    for (index, piece) in (reply.pieces ?? [reply.body]).enumerated() {
                        if index == 1 { try await reply.gate?.pass() }
                        try await outbound.write(.body(.byteBuffer(ByteBuffer(string: piece))))
                    }
                    switch reply.ending {
                    case .end: try await outbound.write(.end(nil))
                    case .stall: try await Gate().pass()
                    case .hangUp: throw HangUp()
                    }
                }
            }
        }
    }
}

/// Records requests in their order.
final class Recorder: Sendable {
    private let list = Watched<[FakeProvider.Request]>([])

    var requests: [FakeProvider.Request] { list.value }

    func add(_ request: FakeProvider.Request) { list.update { $0.append(request) } }

    func whenSeen(_ count: Int) async { await list.wait { $0.count >= count } }
}
