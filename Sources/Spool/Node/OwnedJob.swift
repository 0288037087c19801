package import Documents
package import Jobs
import Synchronization
import SystemPackage

/// A job in this node's `processing/` directory: its history, and the state that the history describes.
///
/// Only ``SpoolNode`` makes and changes one. Parallel steps may append at the same time.
package final class OwnedJob: Sendable {
    struct State {
        var replay: JobReplay
        var chain: HistoryChain
        /// The length of all whole records in the history, in bytes.
        var length: Int
        /// The length of the history that is durable for certain, in bytes.
        var syncedLength = 0
        /// The identity of the history's file, recorded before the file is closed.
        var file: (device: UInt64, inode: UInt64)?
        /// The text of a small drop that was just read to be accepted, for the next reader.
        var freshDrop: [UInt8]?
        /// Set once the directory was moved away, or a write failed and could not be undone.
        var isClosed = false
    }

    package let name: JobName
    let state: Mutex<State>
    /// Absolute path of the job's directory while this node owns it.
    package let path: String

    init(name: JobName, path: String, state: sending State) {
        self.name = name
        self.path = path
        self.state = Mutex(state)
    }

    /// A larger drop is read again.
    static let freshDropMax = 16 << 10

    var isClosed: Bool { state.withLock { $0.isClosed } }

    var length: Int { state.withLock { $0.length } }

    /// Whether all of the history is on disk.
    var isSynced: Bool { state.withLock { $0.syncedLength >= $0.length } }

    /// Records that the first `length` bytes of the history are durable.
    func noteSynced(_ length: Int) { state.withLock { $0.syncedLength = max($0.syncedLength, length) } }

    /// Records the identity of the history's file, so that another file in its place is detected.
    ///
    /// - Returns: Whether the identity is known.
    func remember(_ files: JobFiles, _ fileSystem: any FileSystem) -> Bool {
        state.withLock { state in
            if state.file != nil { return true }
            guard let status = try? fileSystem.status(of: files.history) else { return false }
            state.file = (status.device, status.inode)
            return true
        }
    }

    func takeFreshDrop() -> [UInt8]? { state.withLock { $0.freshDrop.take() } }

    /// What the history says now. A batch's replay is large: while a caller keeps it, the next record copies it.
    package var replay: JobReplay { state.withLock { $0.replay } }

    package var acceptance: Acceptance? { state.withLock { $0.replay.acceptance } }

    /// Looks at a member of the acceptance without a copy of all of it.
    package func withAcceptance<Value: Sendable>(_ look: (Acceptance?) -> Value) -> Value {
        state.withLock { look($0.replay.acceptance) }
    }

    /// Its place among the jobs of its queue.
    package var turn: JobID { state.withLock { $0.replay.turn } }

    /// Since when it waits for a worker.
    package var waitsSince: Timestamp { state.withLock { $0.replay.waitsSince } }

    /// The sequence number of its last record.
    package var seq: Int { state.withLock { $0.replay.life.seq } }

    /// A step that has not ended, and during which the daemon died at least `deaths` times; nil when there is none.
    package func suspicion(after deaths: Int) -> Suspicion? {
        state.withLock { $0.replay.steps.suspicion(after: deaths) }
    }

    /// What is known of a step; nil when it was never begun.
    package func entry(of step: String) -> StepLedger.Entry? { state.withLock { $0.replay.steps[step] } }
}
