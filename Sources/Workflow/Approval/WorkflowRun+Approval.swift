import Documents
import Jobs
import OrderedCollections

extension WorkflowRun {
    /// The arguments that a call may be made with: its own, or those that a person put in their place.
    ///
    /// - Returns: Nil when a person denied the call and the model gets the denial.
    /// - Throws: A hold until the person answers. The job has no worker meanwhile.
    func approvedArguments(of call: ToolCall, onDenied: ApprovalRequest.DenialAction) throws -> JSON? {
        guard let terms = policy(of: call.tool).approvalTerms(for: call.arguments) else { return call.arguments }
        if recorder.denial(of: call.path) != nil { return nil }
        var request = request(terms, call.path, call.arguments, "\(call.tool) needs a person's yes")
        (request.tool, request.onDenied) = (call.tool, onDenied)
        // The approval holds for what the person saw: a call with other arguments needs an approval of its own.
        guard let approval = recorder.approval(of: call.path), approval.argumentsHash == request.argumentsHash else {
            throw Interruption.held(Self.hold(request))
        }
        let arguments = approval.arguments ?? call.arguments
        if let objection = objection(to: arguments, call.tool, call.specification) {
            request.why = "what \(approval.decision.user) put in cannot be used: \(objection.message)"
            throw Interruption.held(Self.hold(request))
        }
        return arguments
    }

    /// Runs a step that only asks a person.
    func runApproval(_ step: StepDefinition.ApprovalStep, in scope: Scope, path: String) async throws -> JSON {
        if let entry = recorder.entry(of: path), entry.status == .completed {
            return try await recordedOutput(path, entry)
        }
        let (message, arguments) = try failing(path) { () throws(Failure) in
            (try step.message.renderText(scope), try step.arguments?.render(scope) ?? [:])
        }
        let request = request(step.terms, path, arguments, message)
        guard let approval = recorder.approval(of: path), approval.argumentsHash == request.argumentsHash else {
            throw Interruption.held(Self.hold(request))
        }
        let output = JSON(members: [
            ("approved_by", .string(approval.decision.user)), ("reason", approval.decision.reason.map(JSON.string)),
            ("arguments", approval.arguments ?? arguments),
        ])
        try await recorder.record(
            .stepCompleted(StepCompletion(step: path, kind: .approval, output: output)),
            durably: true
        )
        return output
    }

    func denialMessage(of path: String) -> String {
        let decision = recorder.denial(of: path)?.decision
        return "\(decision?.user ?? "a person") said no\(decision?.reason.map { ": \($0)" } ?? "")"
    }

    private func request(
        _ terms: ApprovalTerms,
        _ path: String,
        _ arguments: JSON,
        _ why: String
    ) -> ApprovalRequest {
        ApprovalRequest(
            step: path,
            tool: nil,
            arguments: arguments,
            why: why,
            expires: terms.expires.map { environment.wallClock.now + $0 },
            onExpiry: terms.onExpiry
        )
    }

    private static func hold(_ request: ApprovalRequest) -> Hold {
        let until = request.expires.map { ", until \($0.text)" } ?? ""
        let message =
            "step \(request.step) waits for an answer\(until): \(request.why); "
            + "read approval.json in the job's directory, then approve or deny it"
        return Hold(reason: .approval, step: request.step, message: message, approval: request)
    }
}
