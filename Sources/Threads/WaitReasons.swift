import OrderedCollections
import Synchronization

/// What the steps of a running job wait for at this moment: a model's turn, a server that starts, the next try.
///
/// Code in any module that makes a step wait says so with ``during(_:_:)``. The engine collects the reasons, and
/// `list`, `show` and `status` show them in the same words.
package final class WaitReasons: Sendable {
    private struct State {
        var reasons: OrderedDictionary<Int, String> = [:]
        var begun = 0
        var shown: String?
    }

    /// A task-local value, because it crosses models and tools, which do not depend on the engine.
    @TaskLocal private static var current: WaitReasons?

    private let state = Mutex(State())
    private let onChange: @Sendable (String?) -> Void

    /// - Parameter onChange: Gets the oldest reason, or nil when no step waits any more; may be called from several
    ///   threads.
    package init(onChange: @escaping @Sendable (String?) -> Void) { self.onChange = onChange }

    /// Runs `body`, and collects what it waits for.
    package func collect<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
        try await Self.$current.withValue(self, operation: body)
    }

    /// Runs `body` while the step waits for what `reason` says, a sentence without its full stop.
    package static func during<Value>(_ reason: String, _ body: () async throws -> Value) async rethrows -> Value {
        guard let waits = current else { return try await body() }
        let wait = waits.begin(reason)
        defer { waits.end(wait) }
        return try await body()
    }

    private func begin(_ reason: String) -> Int {
        change { state in
            state.begun += 1
            state.reasons[state.begun] = reason
            return state.begun
        }
    }

    private func end(_ wait: Int) { change { _ = $0.reasons.removeValue(forKey: wait) } }

    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, news): (Value, String??) = state.withLock { state in
            let value = body(&state)
            let reason = state.reasons.values.first
            guard reason != state.shown else { return (value, nil) }
            state.shown = reason
            return (value, .some(reason))
        }
        if let news { onChange(news) }
        return value
    }
}
