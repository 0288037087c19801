import Documents
import Jobs
import Spool
import Workflow

/// The recorded steps of a job that this node runs, for the workflow to read.
struct JobArchive: StepArchive {
    let job: OwnedJob
    let node: SpoolNode

    func entry(of step: String) -> StepLedger.Entry? { job.entry(of: step) }

    func outcome(of step: String) async throws -> JobEvent? { try await node.outcome(of: step, of: job) }

    func makeFile(_ name: String) async throws -> any ResultFile { try await JobFile(name, in: job, of: node) }
}

extension JobFile: ResultFile {}

/// A job's drop, read in pieces.
struct DropBytes: ByteSource {
    private let job: OwnedJob
    private let node: SpoolNode
    private let file: OpenFile

    /// - Throws: `SpoolError` when the drop cannot be opened.
    init(of job: OwnedJob, node: SpoolNode) async throws {
        (self.job, self.node) = (job, node)
        file = try await node.openDrop(of: job)
    }

    func read(at offset: Int, count: Int) async throws -> [UInt8] {
        try await node.read(file, at: offset, count: count, of: job)
    }
}
