import Jobs
import OrderedCollections
import Spool
import SystemPackage
import Workflow

/// What a job gives its workflow to work on, read from its drop.
enum JobInput {
    /// A text file up to this size is `input.text`; of a larger one the workflow gets the path alone.
    static let textSizeMax = 256 << 10

    /// Reads the job's drop again; it was checked when it was accepted.
    ///
    /// - Throws: `SpoolError`; `Failure` when the drop is no longer what was accepted.
    static func context(of job: OwnedJob, node: SpoolNode) async throws -> JobContext {
        do {
            return try await readContext(of: job, node: node)
        } catch let error as SpoolError where error.cause == .noSuchFileOrDirectory {
            // Trying again later would find it missing again.
            throw Failure(
                .permanent,
                "the drop is missing from the job's directory: \(error)",
                hint: "put it back, then retry the job"
            )
        }
    }

    private static func readContext(of job: OwnedJob, node: SpoolNode) async throws -> JobContext {
        guard let acceptance = job.acceptance else {
            throw Failure(.permanent, "the job was never accepted")
        }
        var batch: (any ByteSource)?
        let input: JSON
        switch acceptance.kind {
        case .document:
            let bytes = try await node.drop(of: job)
            guard let format = Document.Format(fileName: acceptance.file),
                let document = try? JobDocument(Document(bytes, format: format))
            else { throw Failure(.permanent, "\(acceptance.file) is not the document that was accepted") }
            input = document.input
        case .batch:
            batch = try await DropBytes(of: job, node: node)
            input = .null
        case .file:
            let bytes = try await node.drop(of: job, limit: textSizeMax)
            let text = bytes.count <= textSizeMax ? String(validating: bytes, as: UTF8.self) : nil
            input = JSON(members: [
                ("file", .string("\(job.path)/\(acceptance.file)")), ("name", .string(acceptance.name)),
                ("text", text.map(JSON.string)),
            ])
        }
        let facts: JSON = [
            "id": .string(job.name.id.text), "name": .string(acceptance.name), "queue": .string(acceptance.queue),
            "labels": .object(acceptance.labels.mapValues(JSON.string)),
        ]
        return JobContext(
            name: job.name,
            scope: Scope(input: input, job: facts),
            deadline: acceptance.deadline,
            artifacts: "\(job.path)/\(SpoolLayout.artifacts)",
            batch: batch
        )
    }
}
