import Jobs

/// What the engine knows of the requests in `control/`: whether to look at them, and what is done about each.
struct Requests {
    /// `control/` may hold requests that can be carried out now.
    private var mayBeReady = true
    /// A request is about a job that may still be arriving.
    private var waitForArrivals = false
    /// Files that were refused and logged, and cannot be removed.
    private var refused: Set<String> = []
    /// The settled jobs of each request, by file.
    private var settled: [String: Set<JobID>] = [:]

    /// Whether a look would find nothing to do.
    var areDone: Bool { !mayBeReady }

    // MARK: Events

    /// `control/` has changed, or may have without an event.
    mutating func directoryChanged() { mayBeReady = true }

    /// A job that a request is about has ended or moved on: a look finds the request done, or the job where it is now.
    mutating func jobMoved() { mayBeReady = true }

    /// A request is about a job that may still be arriving: the next look is when a drop has arrived.
    mutating func mustWaitForArrivals() { waitForArrivals = true }

    /// A drop was accepted, or becomes no job.
    mutating func dropArrived() {
        if waitForArrivals { mayBeReady = true }
    }

    // MARK: A look at `control/`

    /// Begins a look, if one may find something.
    ///
    /// - Returns: Whether to look.
    mutating func beginLook() -> Bool {
        guard mayBeReady else { return false }
        mayBeReady = false
        waitForArrivals = false
        return true
    }

    /// A look found these files.
    mutating func keep(_ files: [String]) {
        let files = Set(files)
        refused.formIntersection(files)
        settled = settled.filter { files.contains($0.key) }
    }

    /// A request was refused.
    ///
    /// - Returns: Whether that is to be logged: a file that cannot be removed is logged once.
    mutating func refuse(_ file: String) -> Bool { refused.insert(file).inserted }

    /// Whether a request is settled for a job, and the job is not to be handled again.
    func isSettled(_ job: JobID, in file: String) -> Bool { settled[file]?.contains(job) == true }

    mutating func settle(_ job: JobID, in file: String) { settled[file, default: []].insert(job) }

    /// A request is settled for all its jobs, and its file is about to be removed.
    mutating func settle(_ file: String) { settled[file] = nil }

    /// The file of a settled request was removed.
    mutating func removed(_ file: String) { refused.remove(file) }
}
