import Jobs
import Spool
import Workflow

/// A job that this node has claimed.
struct ActiveJob {
    var job: OwnedJob
    var queue: String
    /// A step that was suspected when the job was claimed.
    var suspicion: Suspicion?
    /// Nil until it runs.
    var task: Task<Void, Never>?
    let worker = WorkerLease()
    /// Steps that wait for the job to have a worker again.
    var waitingForWorker: [CheckedContinuation<Void, any Error>] = []
    /// A requested cancel or hold; it is committed as soon as the job's steps end.
    var request: JobCommand?
    /// Set when no further step may begin.
    let pausing = StopFlag()

    /// Whether it has something to do with a worker.
    fileprivate var wantsWorker: Bool { task == nil || !waitingForWorker.isEmpty }
}

/// Every job that this node has claimed, until its end.
struct ActiveJobs {
    private var jobs: [JobName: ActiveJob] = [:]
    /// Jobs that had a suspected step when they were claimed, and some that have left since.
    private var suspects: Set<JobName> = []
    /// Whether the observers were notified that most jobs wait for suspected steps.
    private(set) var isGateReportedClosed = false

    var isEmpty: Bool { jobs.isEmpty }
    var all: some Sequence<ActiveJob> { jobs.values }
    var names: some Collection<JobName> { jobs.keys }
    var isRunningAny: Bool { jobs.values.contains { $0.task != nil } }
    /// The task of one of the running jobs.
    var anyTask: Task<Void, Never>? { jobs.values.lazy.compactMap(\.task).first }
    /// How many jobs had a suspected step when they were claimed.
    var suspectCount: Int { suspects.count }

    subscript(name: JobName) -> ActiveJob? { jobs[name] }

    func contains(_ name: JobName) -> Bool { jobs[name] != nil }

    func find(_ id: JobID) -> (name: JobName, active: ActiveJob)? {
        jobs.first { $0.key.id == id }.map { ($0.key, $0.value) }
    }

    // MARK: Events

    /// A job was claimed.
    mutating func add(_ active: ActiveJob) {
        if active.suspicion != nil { suspects.insert(active.job.name) }
        jobs[active.job.name] = active
    }

    /// A job's workflow began to run in a task.
    mutating func started(_ name: JobName, in task: Task<Void, Never>) { jobs[name]?.task = task }

    /// A cancel or hold is to be committed as soon as the job's steps end.
    mutating func requested(_ command: JobCommand, of name: JobName) { jobs[name]?.request = command }

    /// A step of a job waits for the job to have a worker again.
    ///
    /// - Returns: Whether it is the only one, so that the job asks for a worker now.
    mutating func wait(_ step: CheckedContinuation<Void, any Error>, of name: JobName) -> Bool {
        jobs[name]?.waitingForWorker.append(step)
        return jobs[name]?.waitingForWorker.count == 1
    }

    /// Removes and returns the steps of a job that wait for it to have a worker.
    mutating func takeWaiting(of name: JobName) -> [CheckedContinuation<Void, any Error>] {
        guard let waiting = jobs[name]?.waitingForWorker, !waiting.isEmpty else { return [] }
        jobs[name]?.waitingForWorker = []
        return waiting
    }

    /// A job has ended, or left.
    mutating func remove(_ name: JobName) -> ActiveJob? { jobs.removeValue(forKey: name) }

    // MARK: Suspects

    /// The jobs with a suspected step that want a worker.
    mutating func waitingSuspects() -> [ActiveJob] {
        suspects = suspects.filter { jobs[$0] != nil }
        return suspects.compactMap { jobs[$0] }.filter(\.wantsWorker)
    }

    /// Most steps have to wait from now on, or no longer.
    ///
    /// - Returns: Whether that is new, and to be reported for every job that has not begun.
    mutating func gateChanged(isClosed: Bool) -> Bool {
        defer { isGateReportedClosed = isClosed }
        return isClosed != isGateReportedClosed
    }
}
