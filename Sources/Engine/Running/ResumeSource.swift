import Documents
import Jobs
import Spool
import Synchronization
import Workflow

/// The finished steps of an earlier job, keyed by their questions, for a job that resumes it.
///
/// Holds only their places in its history; an output is read when a step takes it over.
final class ResumeSource: Sendable {
    private let history: RereadableHistory
    private let node: SpoolNode
    private let places: Mutex<[StepQuestion: [Range<Int>]]>

    /// Reads the earlier job's history, and that of `job`, whose own steps may have taken some outputs already.
    ///
    /// - Throws: `SpoolError`; `Failure` when there is no such job, when it has not ended, when another user owns it
    ///   (its outputs are its owner's), and when one of its writes has an unknown outcome: this job would not ask the
    ///   operator about it.
    init?(resumedBy job: OwnedJob, _ loops: Set<String>, node: SpoolNode) async throws {
        guard let acceptance = job.acceptance, let id = acceptance.resumeFrom else { return nil }
        self.node = node
        let (history, earlier) = try await Self.read(id, loops, node)
        guard earlier.owner?.isSame(as: acceptance.submitter) == true || acceptance.ownerUID == 0 else {
            throw Self.failure(id, "belongs to another user")
        }
        guard earlier.isEnded else { throw Self.failure(id, "has not ended") }
        if let step = earlier.writesInDoubt.keys.sorted().first {
            throw Self.failure(
                id,
                "has a write with an unknown outcome, \(step): retry it, and say whether the write happened"
            )
        }
        self.history = history
        var places = earlier.places
        // Each output is taken over once, even when two steps ask the same; this job may have taken some in a previous
        // run.
        for question in try await Self.read(job.name.id, loops, node).1.resumed where places[question] != nil {
            if places[question]?.isEmpty == false { places[question]?.removeFirst() }
        }
        self.places = Mutex(places)
    }

    /// Takes the output of a step that asked the same, once; nil when there is none left.
    func takeOutput(of question: StepQuestion) async throws -> EarlierOutput? {
        let place = places.withLock { places -> Range<Int>? in
            guard places[question]?.isEmpty == false else { return nil }
            return places[question]?.removeFirst()
        }
        guard let place else { return nil }
        switch try await node.run({ [history] in try history.event(at: place) }) {
        case .stepCompleted(let completion):
            return completion.output.map { EarlierOutput($0, answer: completion.answer) }
        case .released(let release):
            return if case .done(let output) = release.finding { EarlierOutput(output) } else { nil }
        default: return nil
        }
    }

    private static func read(
        _ id: JobID,
        _ loops: Set<String>,
        _ node: SpoolNode
    ) async throws -> (RereadableHistory, Answers) {
        let read = try await node.run { [node] () -> (RereadableHistory, Answers)? in
            guard let location = try node.spool.findJobs([id])[id] else { return nil }
            var answers = Answers(loops: loops)
            let history = try RereadableHistory(of: location, in: node.spool) { answers.add($0, at: $1) }
            return history.map { ($0, answers) }
        }
        guard let read else { throw failure(id, "is not in the spool") }
        return read
    }

    private static func failure(_ id: JobID, _ reason: String) -> Failure {
        Failure(
            .permanent,
            "the job \(id), which this one is to resume, \(reason)",
            hint: "drop it again without resume_from, or name another job"
        )
    }
}

/// The answers that a history holds to its steps' questions.
private struct Answers {
    let loops: Set<String>
    var life = JobLife()
    var owner: Owner?
    /// The places of the records that hold the outputs.
    var places: [StepQuestion: [Range<Int>]] = [:]
    /// The questions whose outputs were taken over from an earlier job.
    var resumed: [StepQuestion] = []
    /// Writes that began and have no known outcome, by step.
    var writesInDoubt: [String: StepStart] = [:]

    init(loops: Set<String>) { self.loops = loops }

    var isEnded: Bool { life.isEnded }

    mutating func add(_ record: HistoryRecord, at place: Range<Int>) {
        life.apply(record)
        switch record.event {
        case .accepted(let acceptance): owner = acceptance.submitter
        case .stepStarted(let start) where start.effect == .write: writesInDoubt[start.step] = start
        case .stepCompleted(let completion):
            writesInDoubt[completion.step] = nil
            guard let question = StepQuestion(completion, loops: loops) else { return }
            places[question, default: []].append(place)
            if completion.isResumed { resumed.append(question) }
        case .stepFailed(let failed) where failed.failure.class != .unknown: writesInDoubt[failed.step] = nil
        case .released(let release):
            guard let step = release.step, let finding = release.finding else { return }
            if let start = writesInDoubt[step], case .done = finding, let asked = start.asked {
                places[StepQuestion(step: step, asked: asked, loops: loops), default: []].append(place)
            }
            writesInDoubt[step] = nil
        default: break
        }
    }
}
