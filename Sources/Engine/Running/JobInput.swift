import Documents
import Jobs
import OrderedCollections
import Spool
import SystemPackage
import Tools
import Workflow

/// The input that a workflow gets from its job's drop.
enum JobInput {
    /// The longest `input.text` of a file that an earlier version accepted, in bytes.
    private static let earlierTextMax = 256 << 10

    /// Reads the job's drop again; it was checked when it was accepted.
    ///
    /// - Throws: `SpoolError`; `Failure` when the drop is no longer what was accepted.
    static func context(of job: OwnedJob, node: SpoolNode) async throws -> JobContext {
        do {
            return try await readContext(of: job, node: node)
        } catch let error as SpoolError where error.cause == .noSuchFileOrDirectory {
            // A retry would find it missing again.
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
        var textProblem: Failure?
        let input: JSON
        switch acceptance.kind {
        case .document:
            let bytes = try await node.drop(of: job)
            guard let format = Document.Format(fileName: acceptance.name),
                let document = try? JobDocument(Document(bytes, format: format))
            else { throw Failure(.permanent, "\(acceptance.file) is not the document that was accepted") }
            input = document.input
        case .batch:
            batch = try await DropBytes(of: job, node: node)
            input = .null
        case .file:
            let bytes = try await node.drop(of: job, limit: acceptance.textMax ?? earlierTextMax)
            var text: String?
            do throws(Failure) { text = try Self.text(bytes, acceptance) } catch { textProblem = error }
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
            scope: Scope(input: input, job: facts, textProblem: textProblem),
            deadline: acceptance.deadline,
            artifacts: "\(job.path)/\(SpoolLayout.artifacts)",
            batch: batch,
            batchForm: acceptance.form
        )
    }

    /// The text of a dropped file.
    ///
    /// - Parameter bytes: The whole file, or one byte more than the limit.
    /// - Throws: `Failure`, for the steps that need the text: what the file is instead, and what to do.
    private static func text(_ bytes: [UInt8], _ acceptance: Acceptance) throws(Failure) -> String {
        let limit = acceptance.textMax ?? earlierTextMax
        let what = "\(acceptance.name) cannot be input.text"
        do throws(TextFault) {
            if let kind = BinaryFile.kind(of: bytes, named: acceptance.name) {
                throw TextFault("it is \(kind), not a text")
            }
            if bytes.count > limit {
                throw TextFault("it has \(acceptance.size) bytes, and text_max of the queue is \(ByteSize.text(limit))")
            }
            return try PlainText.read(bytes, named: acceptance.name)
        } catch {
            throw Failure(
                .permanent,
                "\(what): \(error)",
                hint: bytes.count > limit
                    ? "raise text_max of the queue \(acceptance.queue) and drop it again, or have a tool read input.file"
                    : "convert it and drop it again, or have a tool read input.file"
            )
        }
    }
}
