import Documents
import Jobs
import Models

extension WorkflowRun {
    /// How many lines of a batch run at the same time.
    static let batchConcurrency = 8

    /// Runs every line as a step of its own, `batch/<custom_id>`; a line that fails fails alone.
    ///
    /// - Returns: The counts, and the names of the files beside `result.json` that hold the lines; a failure when all
    ///   lines failed.
    func runBatch(_ source: any ByteSource) async throws -> RunOutcome {
        let file = try await BatchFile(source, form: job.batchForm)
        _ = try await runSideBySide(file.count, concurrency: Self.batchConcurrency) { index in
            try await self.run(file.line(at: index))
            return .null
        }
        let results = BatchResults(file, job: job.name.id, archive: recorder)
        let (output, failure) = try await results.write(unsettled: .expired)
        return failure.map { .failed(step: nil, $0) } ?? .completed(output: output)
    }

    /// Runs a line to its outcome, unless it has one already or the deadline has passed.
    private func run(_ line: BatchLine) async throws {
        if recorder.entry(of: line.path)?.isSettled == true { return }
        do {
            try await runRequest(line)
        } catch Interruption.failed(_, let failure) {
            let entry = recorder.entry(of: line.path)
            if entry?.isSettled == true { return }
            // The line failed in a step inside it, or before it was begun.
            let attempt = (entry?.attempts ?? 0) + 1
            let event = StepFailure(step: line.path, kind: .line, attempt: attempt, failure: failure)
            try await recorder.record(.stepFailed(event), durably: false)
        } catch Interruption.expired {}
    }

    private func runRequest(_ line: BatchLine) async throws {
        switch line.request {
        case .fault(let fault):
            let failure = Failure(.permanent, "line \(line.number): \(fault.message)")
            throw Interruption.failed(step: line.path, failure)
        case .input(let input):
            recorder.begin(input)
            let output = try await runWorkflow(in: job.scope.with(input: input), path: line.path)
            try await recordComposite(line.path, .line, output: output)
        case .body(let body):
            let name = try failing(line.path) { () throws(Failure) in try answering(body["model"]) }
            let model = try model(name, line.path)
            var request = ChatRequest(messages: [], idempotencyKey: key(line.path), attempt: 1, body: body)
            request.endpoint = line.endpoint
            _ = try await ask(model, request, path: line.path, kind: .line, workflow.definition.retry) { $0.body }
        }
    }

    /// The model that answers a request in a provider's form; without a name it is that of the workflow's first model
    /// or agent step.
    private func answering(_ name: JSON?) throws(Failure) -> String {
        let own = workflow.definition.firstModel ?? "default"
        return try workflow.lineModels?.model(for: name?.string, own: own) ?? own
    }
}

extension WorkflowDefinition {
    fileprivate var firstModel: String? {
        for step in steps {
            switch step.action {
            case .model(let model): return model.model
            case .agent(let agent): return agent.model
            default: continue
            }
        }
        return nil
    }
}
