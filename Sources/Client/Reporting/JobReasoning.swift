package import Documents
package import Jobs
import Workflow

/// The reasoning of a job's models, step by step; it is not part of their answers.
package struct JobReasoning: Sendable {
    package let steps: [(path: String, text: String)]

    package init(_ records: [HistoryRecord]) {
        steps = records.compactMap { record in
            guard case .stepCompleted(let step) = record.event else { return nil }
            let isTurn = step.kind == .model && step.output?["turn"] != nil
            let turn = isTurn ? step.output.map { TurnRecord(json: $0).reasoning } : nil
            let text = step.answer.reasoning ?? turn ?? ""
            return text.isEmpty ? nil : (step.step, text)
        }
    }

    package var json: JSON { .array(steps.map { ["step": .string($0.path), "reasoning": .string($0.text)] }) }
}
