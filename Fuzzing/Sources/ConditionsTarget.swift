import Jobs

@testable import Workflow

/// Conditions: the first line is the text, the rest a job's input.
enum ConditionsTarget: FuzzTarget {
    static let name = "conditions"

    static func run(_ input: [UInt8]) {
        let (text, scope) = TextAndScope.read(input)
        guard let condition = try? Condition(text, steps: ["find"]) else { return }
        let isTrue = condition.isTrue(in: scope)
        claim(!(isTrue && condition.isCertainlyFalse(in: scope)), "what is certainly false is not true")
        // The deepest condition is refused when it is one level deeper.
        if let opposite = try? Condition("not (\(text))", steps: ["find"]) {
            claimEqual(opposite.isTrue(in: scope), !isTrue, "the opposite is the opposite")
        }
    }
}
