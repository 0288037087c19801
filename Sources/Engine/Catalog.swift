package import Jobs
package import OrderedCollections
package import Spool
package import Tools
package import Workflow

/// The queues and workflows of one configuration, and what a drop must be to become a job under it.
package struct Catalog: Sendable {
    /// A workflow together with the record of all it refers to.
    package struct Entry: Sendable {
        package var workflow: WorkflowDefinition
        /// The workflow, and the settings of its models and tools: what `accepted` carries.
        package var definition: JSON

        package init(workflow: WorkflowDefinition, definition: JSON) {
            self.workflow = workflow
            self.definition = definition
        }
    }

    package let queues: OrderedDictionary<String, QueueSettings>
    package let workflows: OrderedDictionary<String, Entry>
    /// What is hidden of every job from whoever may not read its directory.
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

    /// Makes a drop's acceptance.
    ///
    /// - Throws: `Rejection` with a sentence for the submitter, redacted: line, member and what was expected.
    package func admit(_ contents: DropContents, at now: Timestamp) throws(Rejection) -> Acceptance {
        do {
            return try acceptance(of: contents, at: now)
        } catch {
            throw Rejection(redactor.redact(error.reason))
        }
    }

    private func acceptance(of contents: DropContents, at now: Timestamp) throws(Rejection) -> Acceptance {
        guard let queue = queues[contents.queue] else { throw Rejection("there is no queue \(contents.queue)") }
        let owner = UserNames.name(of: contents.ownerUID)
        if let submitters = queue.submitters, !submitters.include(uid: contents.ownerUID, name: owner) {
            throw Rejection("\(owner) may not submit to the queue \(queue.name)")
        }
        if let lines = contents.lines, lines > BatchFile.linesMax {
            throw Rejection("it has \(lines) lines; \(BatchFile.linesMax) is the most: split it")
        }
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
            ownerUID: contents.ownerUID,
            owner: owner,
            queue: queue.name,
            workflow: name,
            definition: entry.definition
        )
        acceptance.lines = contents.lines
        acceptance.priority = document.priority ?? 0
        acceptance.runAt = document.runAfter?.resolved(from: now)
        acceptance.deadline = document.deadline?.resolved(from: now)
        acceptance.labels = document.labels
        acceptance.limits = entry.workflow.limits.lowered(by: document.limits)
        acceptance.idempotencyKey = document.idempotencyKey
        acceptance.resumeFrom = document.resumeFrom ?? ResumeName.job(in: contents.name)
        return acceptance
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
