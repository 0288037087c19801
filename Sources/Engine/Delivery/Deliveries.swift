import Documents
import Jobs

/// The marks in `deliveries/` that are due first, and the deliveries that this node works on.
struct Deliveries {
    /// The most at the same time: half of the threads on which the spool's calls block, because an outbox on a server that
    /// hangs holds the thread of each.
    static let runningMax = 2

    var marks = DeferredJobs()
    private var running: [JobName: Task<Void, Never>] = [:]

    var isRunningAny: Bool { !running.isEmpty }
    var anyTask: Task<Void, Never>? { running.values.first }
    var hasRoom: Bool { running.count < Self.runningMax }

    func isRunning(_ job: JobName) -> Bool { running[job] != nil }

    /// Removes and returns the first mark that is due and whose job is not being delivered.
    mutating func takeDue(at now: Timestamp) -> DeferredJobs.Entry? {
        while hasRoom, let entry = marks.takeDue(at: now) {
            guard running[entry.job] != nil else { return entry }
            marks.add(entry.job, due: now + .seconds(1))
        }
        return nil
    }

    mutating func started(_ job: JobName, in task: Task<Void, Never>) { running[job] = task }

    mutating func ended(_ job: JobName) { running[job] = nil }

    func cancelAll() { for task in running.values { task.cancel() } }
}
