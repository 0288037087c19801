package import Jobs

/// What a job's history says of its steps, and where the files of its results go.
package protocol StepArchive: Sendable {
    /// What is known of a step; nil when it was never begun.
    func entry(of step: String) -> StepLedger.Entry?

    /// The last record of how the step ended, read again from the history; nil when there is none.
    func outcome(of step: String) async throws -> JobEvent?

    /// Begins a file of results beside `result.json`.
    func makeFile(_ name: String) async throws -> any ResultFile
}

/// A file that is written aside, piece by piece, and takes its name when it is whole.
package protocol ResultFile: Sendable {
    func append(_ bytes: [UInt8]) async throws

    /// Puts it in the place of one of its name; on disk when this returns.
    func finish() async throws

    /// Removes it, and one of its name.
    func discard() async throws
}

/// What a workflow needs of whoever runs it: a memory that survives, and leave to go on.
///
/// The engine implements it on a job's history; the tests in memory.
package protocol StepRecorder: StepArchive {
    /// A person's yes about a step; nil when there is none.
    func approval(of step: String) -> Approval?

    /// A person's no about a step, after which the job goes on; nil when there is none.
    func denial(of step: String) -> Denial?

    /// The output of a step that asked the same in the job that this one resumes, once; nil when there is none.
    func earlierOutput(of question: StepQuestion) async throws -> EarlierOutput?

    /// Is told an input that the steps to come work on, besides the job's own: that of a line of a batch.
    func begin(_ input: JSON)

    /// Runs `body`, during which the step is under way: it has a worker, and while a suspected step is under way,
    /// nothing else is.
    ///
    /// - Parameters:
    ///   - suspicion: Nil for a step that nothing is held against.
    ///   - body: Is told whether the step runs alone.
    func underWay<Value: Sendable>(
        _ step: String,
        suspicion: Suspicion?,
        _ body: (_ isAlone: Bool) async throws -> Value
    ) async throws -> Value

    /// Appends a record about a step.
    ///
    /// - Parameter durably: Whether it must be on disk when this returns. One that is not may be lost in a crash,
    ///   which only repeats the step.
    func record(_ event: JobEvent, durably: Bool) async throws

    /// True once the daemon is asked to stop: no further step begins.
    var isStopping: Bool { get }

    /// Waits without holding a worker.
    func pause(for duration: Duration) async throws
}

/// What a step of an earlier job gave.
package struct EarlierOutput: Sendable, Equatable {
    package var output: JSON
    /// A cut answer stays one when it is taken over.
    package var answer: AnswerFacts

    package init(_ output: JSON, answer: AnswerFacts = AnswerFacts()) { (self.output, self.answer) = (output, answer) }
}

/// What the workflow runs with, passed in so that a test can turn it.
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
    /// So often may the daemon die while a step runs before it runs alone.
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
