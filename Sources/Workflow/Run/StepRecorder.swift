package import Documents
package import Jobs

/// Reads what a job's history says about its steps, and makes the files of its results.
package protocol StepArchive: Sendable {
    /// What is known about a step; nil when it was never begun.
    func entry(of step: String) -> StepLedger.Entry?

    /// The last record of the step's outcome, read again from the history; nil when there is none.
    func outcome(of step: String) async throws -> JobEvent?

    /// Begins a file of results beside `result.json`.
    func makeFile(_ name: String) async throws -> any ResultFile
}

/// A file that is written piece by piece under a temporary name, and renamed once it is complete.
package protocol ResultFile: Sendable {
    func append(_ bytes: [UInt8]) async throws

    /// Renames it to its name, in place of a file that may have it; durable when this returns.
    func finish() async throws

    /// Removes it, and a file that may already have its name.
    func discard() async throws
}

/// What a workflow run needs from its caller: durable records, and permission to go on.
///
/// The engine implements it on a job's history; the tests in memory.
package protocol StepRecorder: StepArchive {
    /// A person's approval of a step; nil when there is none.
    func approval(of step: String) -> Approval?

    /// A person's denial of a step, after which the job goes on; nil when there is none.
    func denial(of step: String) -> Denial?

    /// Takes the output of a step that asked the same in the job that this one resumes; nil when none is left.
    func earlierOutput(of question: StepQuestion) async throws -> EarlierOutput?

    /// Notes an input of the next steps besides the job's own: that of a line of a batch.
    func begin(_ input: JSON)

    /// Runs `body` while the step is under way: the step has a worker, and a suspected step runs alone.
    ///
    /// - Parameters:
    ///   - suspicion: Nil for a step that is not suspected.
    ///   - body: Gets whether the step runs alone.
    func underWay<Value: Sendable>(
        _ step: String,
        suspicion: Suspicion?,
        _ body: (_ isAlone: Bool) async throws -> Value
    ) async throws -> Value

    /// Appends a record about a step.
    ///
    /// - Parameter durably: Whether the record must be on disk when this returns. Otherwise a crash may lose it, which
    ///   only repeats the step.
    func record(_ event: JobEvent, durably: Bool) async throws

    /// True once the daemon is asked to stop: no further step begins.
    var isStopping: Bool { get }

    /// Waits without holding a worker.
    func pause(for duration: Duration) async throws
}

/// The output of a step of an earlier job.
package struct EarlierOutput: Sendable, Equatable {
    package var output: JSON
    /// Facts about the answer: one that was cut stays marked when it is taken over.
    package var answer: AnswerMetadata

    package init(_ output: JSON, answer: AnswerMetadata = AnswerMetadata()) {
        (self.output, self.answer) = (output, answer)
    }
}

/// The clocks and limits of a run, passed in so that a test can set them.
package struct RunEnvironment: Sendable {
    package var wallClock: WallClock
    /// Monotonic, for durations.
    package var clock: any Clock<Duration>
    /// Uniform in 0..<1.
    package var jitter: @Sendable () -> Double
    /// Waits up to this long stay in memory; longer ones move the job to `deferred/`.
    package var shortWaitMax: Duration
    /// The same for waits for a model that rests.
    package var modelWaitMax: Duration
    /// After so many deaths of the daemon while a step runs, the step runs alone.
    package var deathsMax: Int

    package init(
        wallClock: WallClock,
        clock: any Clock<Duration>,
        jitter: @escaping @Sendable () -> Double,
        shortWaitMax: Duration = .seconds(10),
        modelWaitMax: Duration? = nil,
        deathsMax: Int = 3
    ) {
        self.wallClock = wallClock
        self.clock = clock
        self.jitter = jitter
        self.shortWaitMax = shortWaitMax
        self.modelWaitMax = modelWaitMax ?? shortWaitMax
        self.deathsMax = deathsMax
    }
}

/// How a run ended, for now.
package enum RunOutcome: Sendable, Equatable {
    case completed(output: JSON)
    case failed(step: String?, Failure)
    /// A step waits for its next try.
    case deferred(until: Timestamp, reason: String)
    case held(Hold)
    /// The daemon stops; what is finished is recorded, the rest is done after the next start.
    case interrupted
}

/// Why a run cannot go on past a step.
enum Interruption: Error {
    case failed(step: String?, Failure)
    /// The job's deadline has passed: it fails as a whole, but a batch ends with what was done of it.
    case expired(step: String, Failure)
    case deferred(until: Timestamp, reason: String)
    case held(Hold)
    case stopping
}
