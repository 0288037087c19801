import NIOCore
import NIOHTTP1
import NIOPosix

/// An OpenAI-compatible server on loopback that gives every request the same answer after a while.
final class ModelServer: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel

    var port: Int { channel.localAddress?.port ?? 0 }

    init(answerAfter seconds: Double) throws {
        channel = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 16_384)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answerAfter: seconds))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .wait()
    }

    func stop() { try? group.syncShutdownGracefully() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let delay: TimeAmount
        private static let answer = ByteBuffer(
            string: """
                {"id":"c","object":"chat.completion","created":0,"model":"m","choices":[{"index":0,"finish_reason":"stop",\
                "message":{"role":"assistant","content":"done"}}],\
                "usage":{"prompt_tokens":8,"completion_tokens":1,"total_tokens":9}}
                """
        )

        init(answerAfter seconds: Double) { delay = .nanoseconds(Int64(seconds * 1e9)) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            let bound = NIOLoopBound((context, self), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: delay) {
                let (context, handler) = bound.value
                let headers: HTTPHeaders = [
                    "content-type": "application/json", "content-length": "\(Self.answer.readableBytes)",
                ]
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
                context.write(handler.wrapOutboundOut(.head(head)), promise: nil)
                context.write(handler.wrapOutboundOut(.body(.byteBuffer(Self.answer))), promise: nil)
                context.writeAndFlush(handler.wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
