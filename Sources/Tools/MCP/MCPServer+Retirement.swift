/// What becomes of a server that the configuration has no more, or has with other settings.
extension MCPServer {
    /// The configuration in force does not have the server: its process ends once none of its calls runs.
    func retire() {
        isRetired = true
        predecessors = []
        leaveWhenIdle()
    }

    /// The configuration in force has the server (again): it is started when it is needed and none of the calls of
    /// `others` runs.
    func come(after others: [MCPServer]) {
        isRetired = false
        predecessors = others
    }

    /// Has the process for as long as `body` runs.
    func use<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        uses += 1
        defer {
            uses -= 1
            leaveWhenIdle()
        }
        return try await body()
    }

    func leaveWhenIdle() {
        // A start goes to its end, and then comes here.
        guard uses == 0, starting == nil else { return }
        if isRetired, let connection {
            // Not a death: the next start need not wait for it as for one.
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
