import Documents

/// Holds its callers up until the test opens it or their task is cancelled.
package final class Gate: Sendable {
    private struct State: Sendable {
        var isOpen = false
        var cancelled: Set<Int> = []
        var count = 0
    }

    private let state = Watched(State())

    package init(isOpen: Bool = false) { state.update { $0.isOpen = isOpen } }

    package func open() { state.update { $0.isOpen = true } }
    package func close() { state.update { $0.isOpen = false } }

    /// - Throws: `CancellationError`.
    package func pass() async throws {
        let number = state.update { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await state.wait { $0.isOpen || $0.cancelled.contains(number) }
        } onCancel: {
            state.update { _ = $0.cancelled.insert(number) }
        }
        try Task.checkCancellation()
    }
}
