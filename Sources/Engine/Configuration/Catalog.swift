package import Documents
import JSONSchema
package import Jobs
package import OrderedCollections
package import Redaction
package import Spool
import Tools
package import Workflow

/// The queues and workflows of one configuration, which decide how a drop becomes a job.
package struct Catalog: Sendable {
    /// A workflow, with a record of the models and tools that it refers to.
    package struct Entry: Sendable {
        package var workflow: WorkflowDefinition
        /// The workflow and the settings of its models and tools, as the `accepted` record stores them.
        package var definition: JSON
        /// The settings of all configured models; a line of a batch may name any of them.
        package var allModels: JSON

        package init(workflow: WorkflowDefinition, definition: JSON, allModels: JSON = [:]) {
            self.workflow = workflow
            self.definition = definition
            self.allModels = allModels
        }

        /// The definition for a job of this kind that comes through `queue`.
        func definition(of kind: Acceptance.Kind, in queue: QueueSettings) -> JSON {
            guard kind == .batch, var members = definition.object else { return definition }
            let map = workflow.lineModels.merging(queue.lineModels) { _, ofQueue in ofQueue }
            members["models"] = allModels
            members["line_models"] = .object(map.mapValues(JSON.string))
            return .object(members)
        }
    }

    package let queues: OrderedDictionary<String, QueueSettings>
    package let workflows: OrderedDictionary<String, Entry>
    /// Redacts every job's texts for readers who may not open its directory.
    package let redactor: Redactor

    package init(
        queues: OrderedDictionary<String, QueueSettings>,
        workflows: OrderedDictionary<String, Entry>,
        redactor: Redactor = Redactor()
    ) {
        self.queues = queues
        self.workflows = workflows
        self.redactor = redactor
    }

    /// Turns a drop into an acceptance.
    ///
    /// - Throws: `Rejection` with a sentence for the submitter, redacted: line, member and what was expected.
    package func makeAcceptance(_ contents: DropContents, at now: Timestamp) throws(Rejection) -> Acceptance {
        do {
            return try acceptance(of: contents, at: now)
        } catch {
            throw Rejection(redactor.redact(error.reason), duplicateOf: error.duplicateOf)
        }
    }

    private func acceptance(of contents: DropContents, at now: Timestamp) throws(Rejection) -> Acceptance {
        guard let queue = queues[contents.queue] else { throw Rejection("there is no queue \(contents.queue)") }
        let owner =
            contents.submission?.owner
            ?? Owner(uid: contents.ownerUID, name: UserNames.name(of: contents.ownerUID))
        // What a token may submit to is decided before its drop is written.
        if let submitters = queue.submitters, !owner.isToken, !submitters.include(uid: owner.uid, name: owner.name) {
            throw Rejection("\(owner) may not submit to the queue \(queue.name)")
        }
        if let outline = contents.outline { try Self.check(outline) }
        let source = try Self.document(of: contents)
        let document = source?.read ?? JobDocument()
        let name = document.workflow ?? queue.workflow
        guard let entry = workflows[name] else {
            let known = workflows.keys.joined(separator: ", ")
            let reason = "there is no workflow \"\(name)\"; there are: \(known)"
            throw Rejection(source.map { "\($0.text.error(at: ["workflow"], reason))" } ?? reason)
        }
        if let source, let schema = entry.workflow.inputSchema {
            let errors = schema.errors(in: document.input)
            if !errors.isEmpty {
                let reason = "does not fit the input schema of \(name): \(errors.joined(separator: "; "))"
                throw Rejection("\(source.text.error(at: ["input"], reason))")
            }
        }
        var acceptance = Acceptance(
            name: contents.name,
            file: "job\(contents.job.ending)",
            kind: contents.kind,
            size: contents.size,
            sha256: contents.sha256,
            ownerUID: owner.uid,
            owner: owner.name,
            queue: queue.name,
            workflow: name,
            definition: entry.definition(of: contents.kind, in: queue)
        )
        acceptance.lines = contents.outline?.count
        acceptance.form = contents.outline?.form
        if contents.kind == .file { acceptance.textMax = queue.textMax }
        acceptance.delivery = queue.delivery?.json
        acceptance.priority = document.priority ?? 0
        acceptance.runAt = document.runAfter?.resolved(from: now)
        acceptance.deadline = document.deadline?.resolved(from: now)
        acceptance.labels = document.labels
        acceptance.limits = entry.workflow.limits.lowered(by: document.limits)
        acceptance.idempotencyKey = document.idempotencyKey ?? contents.submission?.idempotencyKey
        if acceptance.idempotencyKey != nil {
            acceptance.inputSHA256 =
                source == nil
                ? SHA256.hash(Array("\(name)\n\(contents.name)\n\(contents.sha256)".utf8)).hexadecimal
                : document.requestSHA256(workflow: name)
        }
        acceptance.resumeFrom = document.resumeFrom ?? ResumeName.job(in: contents.name)
        return acceptance
    }

    private static func check(_ outline: BatchOutline) throws(Rejection) {
        if let reason = outline.rejection { throw Rejection(reason) }
        if outline.count > BatchFile.linesMax {
            throw Rejection("it has \(outline.count) lines; \(BatchFile.linesMax) is the most: split it")
        }
    }

    private static func document(
        of contents: DropContents
    ) throws(Rejection) -> (text: Document, read: JobDocument)? {
        guard contents.kind == .document, let format = Document.Format(fileName: contents.name) else { return nil }
        do throws(DocumentError) {
            let document = try Document(contents.bytes, format: format)
            return (document, try JobDocument(document))
        } catch {
            throw Rejection("\(error)")
        }
    }
}
