import Documents
package import Jobs

/// What a step asked, and where in the workflow, for any element: an earlier job's answer to the same question is used
/// again.
package struct StepQuestion: Sendable, Hashable {
    /// The step's path with `*` for the elements of loops and the lines of a batch.
    private let step: String
    private let asked: String

    /// - Parameter loops: The names of the workflow's `for_each` steps.
    package init(step path: String, asked: String, loops: Set<String>) {
        var parts: [Substring] = []
        var isElement = false
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            parts.append(isElement ? "*" : part)
            isElement = !isElement && (loops.contains(String(part)) || (parts.count == 1 && part == "batch"))
        }
        (step, self.asked) = (parts.joined(separator: "/"), asked)
    }

    /// The question of a finished step; nil when it asked nothing, failed or was skipped.
    package init?(_ completion: StepCompletion, loops: Set<String>) {
        guard let asked = completion.asked, completion.failure == nil, !completion.isSkipped else { return nil }
        self.init(step: completion.step, asked: asked, loops: loops)
    }
}

extension WorkflowDefinition {
    /// The names of its `for_each` steps, inner ones included.
    package var loops: Set<String> { StepDefinition.loops(steps) }
}

extension StepDefinition {
    fileprivate static func loops(_ steps: [StepDefinition]) -> Set<String> {
        steps.reduce(into: []) { names, step in
            guard case .forEach(let each) = step.action else { return }
            names.insert(step.id)
            names.formUnion(loops(each.steps))
        }
    }
}
