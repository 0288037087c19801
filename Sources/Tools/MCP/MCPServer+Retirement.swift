import Documents

/// Retires a server that the configuration no longer has, or has with other settings.
extension MCPServer {
    /// Retires the server, which the configuration in force lacks: its process ends once none of its calls runs.
    func retire() {
        isRetired = true
        predecessors = []
        leaveWhenIdle()
    }

    /// Takes the server into the configuration in force: it starts when it is needed and no call of `others` runs.
    func come(after others: [MCPServer]) {
        isRetired = false
        predecessors = others
    }

    /// Runs `body`; a retired server keeps its process until then.
    func use<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        uses += 1
        defer {
            uses -= 1
            leaveWhenIdle()
        }
        return try await body()
    }

    func leaveWhenIdle() {
        // A start under way leads here again when it ends.
        guard uses == 0, starting == nil else { return }
        if isRetired, let connection {
            // Not a failure: the next start needs no back-off.
            self.connection = nil
            leaving = connection
            connection.end(.politely)
        }
        for waiting in waitingForIdleness { waiting.finish() }
        waitingForIdleness = []
    }

    /// Returns when no call runs and the process of the last one has ended, or when the waiting task is cancelled.
    private func whenIdle() async {
        if uses > 0 {
            let (stream, continuation) = AsyncStream<Never>.makeStream()
            waitingForIdleness.append(continuation)
            for await _ in stream {}
        }
        await leaving?.ended()
    }

    func waitForPredecessors() async {
        await leaving?.ended()
        leaving = nil
        for predecessor in predecessors { await predecessor.whenIdle() }
        predecessors = []
    }
}
