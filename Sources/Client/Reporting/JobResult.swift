package import Documents
package import Jobs
import Workflow

/// How a job ended, and its output.
package struct JobResult: Sendable {
    /// The file in a batch's directory that says why lines failed.
    package static let lineErrorsFile = BatchResults.errorFile

    private let replay: JobReplay

    package init(_ replay: JobReplay) { self.replay = replay }

    package var job: JobID { replay.name.id }
    package var isTruncated: Bool { replay.isTruncated }
    /// Lines of a batch that failed; nil when none did.
    package var failedLines: FailedLines? { replay.failedLines }

    /// How the job ended.
    ///
    /// - Throws: ``ClientError`` (temporary) while it has not.
    package func outcome() throws(ClientError) -> Outcome {
        if let outcome = replay.outcome { return outcome }
        throw ClientError("the job is \(replay.life.state.name) and has no result yet", .temporary)
    }

    /// The output as text: a string as it is, any other value as indented JSON.
    package var outputText: String { replay.output?.string ?? (replay.output ?? .null).indentedText }

    /// Why the job failed, in some lines; nil for one that completed.
    package var errorText: String? { ResultDocument(replay).errorText }

    /// `result.json`, which says the state of a job that has not ended.
    package var json: JSON { ResultDocument(replay).json }
}
