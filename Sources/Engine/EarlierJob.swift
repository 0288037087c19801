import Jobs
import Spool
import Synchronization
import Workflow

/// The finished steps of an earlier job, by what they asked, for a job that resumes it.
///
/// Only their places in its history are held; an output is read when it is taken over.
final class EarlierJob: Sendable {
    private let history: EarlierHistory
    private let node: SpoolNode
    private let places: Mutex<[StepQuestion: [Range<Int>]]>

    /// Reads the earlier job's history, and that of `job`, whose own steps have used some of it up.
    ///
    /// - Throws: `SpoolError`; `Failure` when there is no such job, when it has not ended, or when it is somebody
    ///   else's: its outputs are its owner's.
    init?(resumedBy job: OwnedJob, _ loops: Set<String>, node: SpoolNode) async throws {
        guard let acceptance = job.acceptance, let id = acceptance.resumeFrom else { return nil }
        self.node = node
        var places: [StepQuestion: [Range<Int>]] = [:]
        let (history, replay) = try await Self.read(id, node) { completion, place in
            guard let question = StepQuestion(completion, loops: loops) else { return }
            places[question, default: []].append(place)
        }
        guard replay.acceptance?.ownerUID == acceptance.ownerUID || acceptance.ownerUID == 0 else {
            throw Self.failure(id, "belongs to somebody else")
        }
        guard replay.life.isEnded else { throw Self.failure(id, "has not ended") }
        self.history = history
        // Two elements that ask the same each take one over, also when this job was begun before.
        _ = try await Self.read(job.name.id, node) { completion, _ in
            guard completion.isResumed, let question = StepQuestion(completion, loops: loops) else { return }
            if places[question]?.isEmpty == false { places[question]?.removeFirst() }
        }
        self.places = Mutex(places)
    }

    /// The output of a step that asked the same, which is used up by it; nil when there is none.
    func takeOutput(of question: StepQuestion) async throws -> JSON? {
        let place = places.withLock { places -> Range<Int>? in
            guard places[question]?.isEmpty == false else { return nil }
            return places[question]?.removeFirst()
        }
        guard let place else { return nil }
        let event = try await node.run { [history] in try history.event(at: place) }
        guard case .stepCompleted(let completion) = event else { return nil }
        return completion.output
    }

    private static func read(
        _ id: JobID,
        _ node: SpoolNode,
        _ body: (StepCompletion, Range<Int>) -> Void
    ) async throws -> (EarlierHistory, JobReplay) {
        let read = try await node.run { [node] in
            var completions: [(StepCompletion, Range<Int>)] = []
            let location = try node.spool.findJobs(limit: 1) { $0.id == id }.first
            let history = try location.flatMap { location in
                try EarlierHistory(of: location, in: node.spool) { completion, place in
                    // What it gave is read again when it is needed.
                    var slim = completion
                    (slim.output, slim.summary) = (nil, nil)
                    completions.append((slim, place))
                }
            }
            return (history, completions)
        }
        guard let history = read.0 else { throw failure(id, "is not in the spool") }
        for (completion, place) in read.1 { body(completion, place) }
        return (history, history.replay)
    }

    private static func failure(_ id: JobID, _ reason: String) -> Failure {
        Failure(
            .permanent,
            "the job \(id), which this one is to resume, \(reason)",
            hint: "drop it again without resume_from, or name another job"
        )
    }
}
