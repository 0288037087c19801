import Jobs
import Models
import OrderedCollections

extension WorkflowRun {
    /// Lines of a batch that run side by side.
    static let batchConcurrency = 8

    static let outputFile = "output.jsonl"
    static let errorFile = "errors.jsonl"

    /// Runs every line as a step of its own, `batch/<custom_id>`; a line that fails fails alone.
    ///
    /// - Returns: The counts, and the names of the files beside `result.json` that hold the lines.
    func runBatch(_ lines: [BatchLine]) async throws -> JSON {
        let results = try await runSideBySide(lines.count, concurrency: Self.batchConcurrency) { index in
            do {
                return ["output": try await run(lines[index])]
            } catch Interruption.failed(_, let failure) {
                return ["error": ["code": .string(failure.class.rawValue), "message": .string(failure.message)]]
            }
        }
        var output: [[UInt8]] = []
        var errors: [[UInt8]] = []
        for (line, result) in zip(lines, results) {
            if let value = result["output"] {
                output.append(line.outputLine(value, job: job.name.id).bytes)
            } else {
                errors.append(line.errorLine(result["error"] ?? .null, job: job.name.id).bytes)
            }
        }
        try await recorder.writeFile(Self.outputFile, lines: output)
        if !errors.isEmpty { try await recorder.writeFile(Self.errorFile, lines: errors) }
        return JSON(members: [
            (
                "request_counts",
                [
                    "total": .int(Int64(lines.count)), "completed": .int(Int64(output.count)),
                    "failed": .int(Int64(errors.count)),
                ]
            ),
            ("output_file", .string(Self.outputFile)),
            ("error_file", errors.isEmpty ? nil : .string(Self.errorFile)),
        ])
    }

    private func run(_ line: BatchLine) async throws -> JSON {
        switch line.request {
        case .faulty(let reason):
            let failure = Failure(.permanent, "line \(line.number): \(reason)")
            if recorder.entry(of: line.path) == nil {
                let event = StepFailure(step: line.path, kind: .line, attempt: 1, failure: failure)
                try await recorder.record(.stepFailed(event), durably: false)
            }
            throw Interruption.failed(step: line.path, failure)
        case .input(let input):
            let output = try await runWorkflow(in: job.scope.with(input: input), path: line.path)
            try await recordComposite(line.path, .line)
            return output
        case .openAI(let body), .anthropic(let body):
            let model = try model(batchModel, line.path)
            let request = ChatRequest(messages: [], idempotencyKey: key(line.path), attempt: 1, body: body)
            return try await ask(model, request, path: line.path, kind: .line, workflow.definition.retry) { $0.body }
        }
    }

    /// Requests in a provider's form go to the model of the workflow's first model step.
    private var batchModel: String { workflow.definition.firstModel ?? "default" }
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

extension BatchLine {
    /// The line of the output file, in the format of its request.
    fileprivate func outputLine(_ output: JSON, job: JobID) -> JSON {
        switch request {
        case .openAI:
            [
                "id": .string("batch_req_\(job)_\(number)"), "custom_id": .string(id),
                "response": ["status_code": 200, "request_id": output["id"] ?? .null, "body": output],
                "error": .null,
            ]
        case .anthropic: ["custom_id": .string(id), "result": ["type": "succeeded", "message": output]]
        case .input, .faulty: ["custom_id": .string(id), "output": output]
        }
    }

    fileprivate func errorLine(_ error: JSON, job: JobID) -> JSON {
        switch request {
        case .anthropic:
            [
                "custom_id": .string(id),
                "result": [
                    "type": "errored",
                    "error": [
                        "type": "error",
                        "error": ["type": "api_error", "message": error["message"] ?? .null],
                    ],
                ],
            ]
        case .openAI, .faulty:
            [
                "id": .string("batch_req_\(job)_\(number)"), "custom_id": .string(id), "response": .null,
                "error": error,
            ]
        case .input: ["custom_id": .string(id), "error": error]
        }
    }
}
