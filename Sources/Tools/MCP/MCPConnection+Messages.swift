import Documents
import Jobs
import Logging
import Synchronization
import Threads

/// Handles the server's messages, and completes the requests that wait for them.
extension MCPConnection {
    /// The most kinds of invalid output that are logged.
    private static let odditiesMax = 20

    /// Whether to write a message; abandoned requests are not written.
    func willWrite(_ message: Outgoing) -> Bool {
        guard let id = message.id else { return true }
        return state.withLock { state in
            // Set before the write and not after it: the answer may come before the write returns.
            guard state.isOpen, state.requests[id] != nil else { return false }
            state.requests[id]?.mayBeRead = true
            return true
        }
    }

    /// Records that the server did not read a message: it takes none without its newline.
    func couldNotWrite(_ message: Outgoing) {
        guard let id = message.id else { return }
        state.withLock { $0.requests[id]?.mayBeRead = false }
    }

    /// Records that the process wrote something; `words` are from standard error.
    func showsLife(words: [UInt8] = []) {
        let now = age.elapsed
        state.withLock { state in
            state.lastLife = now
            state.errorTail.append(contentsOf: words.suffix(CommandRun.errorTailMax))
            let excess = state.errorTail.count - CommandRun.errorTailMax
            if excess > 0 { state.errorTail.removeFirst(excess) }
        }
    }

    func receive(_ line: LineBuffer.Line) {
        switch line {
        case .whole(let bytes): for message in MCPMessage.messages(in: bytes) { receive(message) }
        case .tooLong(let line):
            let id = PartialResponse(line).id
            let loss = MCPRequestError(.tooLong(line.length), mayBeRead: true)
            if give(.failure(loss), to: id) { return }
            note("a line of \(line.length) bytes that does not show which request it answers")
        }
    }

    private func receive(_ message: MCPMessage) {
        switch message {
        case .response(let id?, let answer):
            if give(.success(answer), to: id) { return }
            // The answer to an abandoned request may come late.
            if isUnasked(id) { note("an answer to a request \(id), which was not made") }
        case .response(nil, .failure(let error)):
            // A server that could not read a request does not know its id (JSON-RPC 2.0, section 5).
            if !give(.success(.failure(error)), to: nil) { note("an error for no request: \(error.text)") }
        case .response(nil, .success):
            let loss = MCPRequestError(.unusable("it does not say which request it answers"), mayBeRead: true)
            if !give(.failure(loss), to: nil) { note("an answer that does not say to which request") }
        case .broken(let id, let reason):
            let loss = MCPRequestError(.unusable(reason), mayBeRead: true)
            if give(.failure(loss), to: id) { return }
            if id.map(isUnasked) ?? true { note("an answer that is broken: \(reason)") }
        case .request(let id, let method): outgoer.yield(Outgoing(bytes: MCPMessage.answer(to: id, method)))
        case .notification("notifications/tools/list_changed", _): state.withLock { $0.listVersion += 1 }
        case .notification("notifications/progress", let parameters): noteProgress(parameters["progressToken"])
        case .notification: break
        case .unusable: note("lines that are no messages")
        }
    }

    private func isUnasked(_ id: Int) -> Bool { state.withLock { !(1...max(1, $0.count)).contains(id) } }

    /// Completes a request with its outcome.
    ///
    /// - Parameter id: Nil when the server names none; then it is clear only when just one request may have been read.
    /// - Returns: False when there is no such request.
    private func give(_ outcome: Result<Result<JSON, MCPError>, MCPRequestError>, to id: Int?) -> Bool {
        let request = state.withLock { state -> Request? in
            if let id { return state.requests.removeValue(forKey: id) }
            let asked = state.requests.filter(\.value.mayBeRead)
            guard asked.count == 1, let only = asked.keys.first else { return nil }
            return state.requests.removeValue(forKey: only)
        }
        guard let request else { return false }
        request.continuation.resume(with: outcome.mapError { $0 as any Error })
        return true
    }

    /// Records progress of the request that has this token, or of the only waiting request when there is no token.
    private func noteProgress(_ token: JSON?) {
        let now = age.elapsed
        state.withLock { state in
            let id = token?.requestID ?? (state.requests.count == 1 ? state.requests.keys.first : nil)
            if let id { state.requests[id]?.lastProgress = now }
        }
    }

    /// Records invalid output of the server, and logs each kind of it once.
    private func note(_ oddity: String) {
        let kind = oddity.filter { !$0.isNumber }
        let isFirst = state.withLock { state in
            state.lastOddity = "it wrote \(oddity)"
            return state.oddities.count < Self.odditiesMax && state.oddities.insert(kind).inserted
        }
        if isFirst {
            logger.warning(
                "the MCP server \(start.server) writes \(oddity); \(oddity.hasPrefix("lines") ? "they are" : "it is") passed over"
            )
        }
    }

    /// Fails the requests that still wait, because the process has ended.
    func finish(_ reason: MCPRequestError.Reason) {
        let (requests, fault) = state.withLock { state in
            defer { state.requests = [:] }
            state.isOpen = false
            state.timeSinceEnd = Stopwatch(clock)
            return (state.requests.values, state.fault)
        }
        outgoer.finish()
        let reason = fault.map(MCPRequestError.Reason.ended) ?? reason
        for request in requests {
            request.continuation.resume(throwing: MCPRequestError(reason, mayBeRead: request.mayBeRead))
        }
    }
}
