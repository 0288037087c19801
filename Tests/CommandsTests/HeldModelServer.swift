import Documents
import Foundation
import Synchronization

/// A model's server on this machine that takes requests, and answers none of them until ``open()``.
final class HeldModelServer: Sendable {
    private struct State {
        var requests = 0
        var isOpen = false
        var isStopped = false
    }

    private static let answer = """
        {"id":"c","object":"chat.completion","created":0,"model":"m","choices":[{"index":0,"finish_reason":"stop",\
        "message":{"role":"assistant","content":"done"}}],"usage":{"prompt_tokens":8,"completion_tokens":1}}
        """

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    struct NoSocket: Error {}

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 1_024) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw NoSocket() }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.serve() }
    }

    /// The model's settings in a configuration.
    var settings: String { "{provider: openai, base_url: \"http://127.0.0.1:\(port)/v1\", model: m, stream: false}" }

    /// The number of requests that have come.
    var requests: Int { state.withLock { $0.requests } }

    /// Answers the waiting requests, and from now on each request at once.
    func open() { state.withLock { $0.isOpen = true } }

    func stop() { state.withLock { $0.isStopped = true } }

    private func serve() {
        var bytes: [Int32: [UInt8]] = [:]
        var waiting: [Int32] = []
        while true {
            let (isOpen, isStopped) = state.withLock { ($0.isOpen, $0.isStopped) }
            if isStopped { break }
            if isOpen {
                for connection in waiting { Self.answer(connection) }
                waiting = []
            }
            var polled = ([listener] + bytes.keys).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), 20) > 0 else { continue }
            for entry in polled where entry.revents != 0 {
                if entry.fd == listener {
                    let connection = accept(listener, nil, nil)
                    if connection >= 0 { bytes[connection] = [] }
                } else if let more = Self.read(entry.fd) {
                    bytes[entry.fd]? += more
                    guard let request = bytes[entry.fd], Self.isWhole(request) else { continue }
                    bytes[entry.fd] = []
                    state.withLock { $0.requests += 1 }
                    waiting.append(entry.fd)
                } else {
                    close(entry.fd)
                    bytes[entry.fd] = nil
                    waiting.removeAll { $0 == entry.fd }
                }
            }
        }
        for connection in bytes.keys { close(connection) }
        close(listener)
    }

    private static func read(_ connection: Int32) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 16_384)
        let count = recv(connection, &part, part.count, 0)
        return count > 0 ? Array(part[..<count]) : nil
    }

    private static func isWhole(_ request: [UInt8]) -> Bool {
        let text = String(decoding: request, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let length = text.lowercased().firstRange(of: "content-length: ").flatMap { range in
            Int(text[range.upperBound...].prefix { $0.isNumber })
        }
        return text[end.upperBound...].utf8.count >= length ?? 0
    }

    private static func answer(_ connection: Int32) {
        let text =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(answer)"
        let bytes = Array(text.utf8)
        _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
