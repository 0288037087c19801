import AsyncHTTPClient
import Client
import Daemon
import Documents
import Glibc
import NIOCore
import NIOHTTP1
import Synchronization
import Threads
import Tools

/// Carries messages of MCP between standard input and output and the daemon's socket: each line is one POST to `/mcp`.
///
/// Answers are written as they come. It knows nothing of what it carries but the version that a legacy client and the
/// daemon agreed on, which each later request has to name.
final class MCPBridge: Sendable {
    /// The longest line, in bytes.
    private static let lineMax = 16 << 20
    private static let answerMax = 256 << 20
    /// Longer than the daemon waits for anything.
    private static let patience: TimeAmount = .minutes(15)

    private let socket: String
    private let url: String
    private let http: HTTPClient
    private let agreedVersion = Mutex<String?>(nil)
    private let output = Mutex(())

    /// - Parameter socket: The path of the daemon's socket.
    init(socket: String) {
        self.socket = socket
        url = "http+unix://\(Self.encoded(Self.short(socket)))/mcp"
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Shorter than the daemon's own, so that no request goes to a connection that is being closed.
        configuration.connectionPool.idleTimeout = .seconds(30)
        // A request without a daemon is answered at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .shared(ProcessThreads.network), configuration: configuration)
    }

    /// Returns when standard input has ended and every answer is written.
    func run() async throws {
        await withDiscardingTaskGroup { group in
            for await line in Self.lines() {
                group.addTask { await self.carry(line) }
            }
        }
        try await http.shutdown()
    }

    // MARK: Standard input and output

    /// The lines of standard input that are not blank; nil for one that is too long.
    private static func lines() -> AsyncStream<[UInt8]?> {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8]?.self)
        // A thread of its own, because it blocks until the client writes.
        WorkerThreads(count: 1).start {
            var line: [UInt8] = []
            var isTooLong = false
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            let end = { (line: [UInt8], isTooLong: Bool) in
                if isTooLong { continuation.yield(nil) }
                if !isTooLong, line.contains(where: { $0 > 0x20 }) { continuation.yield(line) }
            }
            while true {
                let count = read(0, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { break }
                for part in piece[..<count].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                    .enumerated()
                {
                    if part.offset > 0 {
                        end(line, isTooLong)
                        (line, isTooLong) = ([], false)
                    }
                    if line.count + part.element.count > lineMax { (line, isTooLong) = ([], true) }
                    if !isTooLong { line += part.element }
                }
            }
            end(line, isTooLong)
            continuation.finish()
        }
        return stream
    }

    private func write(_ answer: [UInt8]) {
        output.withLock { _ in
            var rest = (answer + [UInt8(ascii: "\n")])[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                // The client is gone; there is no one else to tell.
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    // MARK: The daemon

    private func carry(_ line: [UInt8]?) async {
        guard let line else {
            let error = MCPError(MCPError.invalidRequest, "a line is longer than \(Self.lineMax) bytes")
            return write(Self.failure(.null, error))
        }
        // What is no JSON is refused by the daemon.
        let message = (try? JSONParser.parse(line)) ?? .null
        do {
            guard let answer = try await post(line, message) else { return }
            write(answer)
        } catch {
            // A notification gets no answer, whatever becomes of it.
            if message.object != nil, message["id"] == nil { return }
            write(Self.failure(message["id"] ?? .null, MCPError(MCPError.internalError, describe(error))))
        }
    }

    private func describe(_ error: any Error) -> String {
        if let error = error as? Refusal { return error.reason }
        return
            "no daemon answered at \(socket): \(error). Start one with agentspool run, and ask again. A job whose answer was "
            + "lost may have been submitted: list_jobs shows it."
    }

    /// An answer that is no message of MCP.
    private struct Refusal: Error {
        let reason: String
    }

    /// The daemon's answer, on one line; nil when it has none.
    private func post(_ line: [UInt8], _ message: JSON) async throws -> [UInt8]? {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = headers(for: message)
        request.body = .bytes(ByteBuffer(bytes: line))
        let response = try await http.execute(request, timeout: Self.patience)
        let body = Array(try await response.body.collect(upTo: Self.answerMax).readableBytesView)
        guard body.contains(where: { $0 > 0x20 }) else { return nil }
        guard let answer = try? JSONParser.parse(body), answer["jsonrpc"] != nil || answer.array != nil else {
            throw Refusal(
                reason: (try? JSONParser.parse(body))?["detail"]?.string ?? "the daemon answered \(response.status)"
            )
        }
        if message["method"] == "initialize", let version = answer["result"]?["protocolVersion"]?.string {
            agreedVersion.withLock { $0 = version }
        }
        return answer.bytes
    }

    private func headers(for message: JSON) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        ]
        let parameters = message["params"]
        guard let version = parameters?["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.string else {
            let version = message["method"] == "initialize" ? nil : agreedVersion.withLock(\.self)
            if let version { headers.add(name: "MCP-Protocol-Version", value: version) }
            return headers
        }
        headers.add(name: "MCP-Protocol-Version", value: Self.field(version))
        if let method = message["method"]?.string { headers.add(name: "Mcp-Method", value: Self.field(method)) }
        let name = parameters?["name"] ?? parameters?["uri"] ?? parameters?["taskId"]
        if let name = name?.string { headers.add(name: "Mcp-Name", value: Self.field(name)) }
        return headers
    }

    private static func failure(_ id: JSON, _ error: MCPError) -> [UInt8] {
        (["jsonrpc": "2.0", "id": id, "error": error.json] as JSON).bytes
    }

    // MARK: Encodings

    /// A path of a socket has 107 bytes at most (unix(7)); a longer one is reached through its directory.
    private static func short(_ path: String) -> String {
        guard path.utf8.count > 107, let slash = path.lastIndex(of: "/") else { return path }
        let parent = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        return parent < 0 ? path : "/proc/self/fd/\(parent)\(path[slash...])"
    }

    /// A path as the host of a URL.
    private static func encoded(_ path: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        return path.utf8.map { byte in
            plain.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// Text that a field of HTTP cannot carry goes as `=?base64?…?=` (MCP 2026-07-28, transports).
    static func field(_ text: String) -> String {
        let isPlain =
            text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.hasPrefix(" ") && !text.hasSuffix(" ")
        if isPlain, !text.isEmpty, !text.hasPrefix("=?base64?") { return text }
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var encoded = ""
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let three = rest.prefix(3)
            let bits = three.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - three.count))
            for place in 0..<4 { encoded.append(place <= three.count ? digits[bits >> (18 - 6 * place) & 63] : "=") }
            rest = rest.dropFirst(3)
        }
        return "=?base64?\(encoded)?="
    }
}
