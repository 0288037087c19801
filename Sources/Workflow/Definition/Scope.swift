package import Documents
package import Jobs
import OrderedCollections

/// The values that templates and conditions of a step can refer to.
package struct Scope: Sendable {
    /// The names with which a reference can begin.
    package static let roots = ["input", "steps", "item", "index", "job"]

    private(set) var values: OrderedDictionary<String, JSON>
    /// Why a file that is the input has no `input.text`; templates that need it fail with this.
    private(set) var textProblem: Failure?

    package init(input: JSON, job: JSON, textProblem: Failure? = nil) {
        values = ["input": input, "job": job, "steps": [:]]
        self.textProblem = textProblem
    }

    /// What a condition on a tool's arguments can refer to.
    init(arguments: JSON) { values = ["arguments": arguments] }

    package var input: JSON { values["input"] ?? .null }

    /// The value of a reference such as `steps.classify.output.urgent`; nil when a part of it is missing.
    func value(at path: [String]) -> JSON? {
        guard let root = path.first else { return nil }
        return values[root]?.value(at: path.dropFirst())
    }

    /// Adds the output of a finished step.
    mutating func add(output: JSON, of step: String) {
        guard case .object(var steps) = values["steps"] else { return }
        steps[step] = ["output": output]
        values["steps"] = .object(steps)
    }

    /// The scope for one element of a `for_each`.
    func with(item: JSON, index: Int) -> Scope {
        var scope = self
        scope.values["item"] = item
        scope.values["index"] = .int(Int64(index))
        return scope
    }

    func with(input: JSON) -> Scope {
        var scope = self
        scope.values["input"] = input
        scope.textProblem = nil
        return scope
    }
}
