import Documents
import Jobs
import OrderedCollections

/// Counts of a batch's lines by outcome, with the members of both providers' formats.
struct BatchCounts {
    private var total = 0
    private(set) var failed = 0
    /// Counts of the lines in Anthropic's form; nil when there are none.
    private var anthropic: OrderedDictionary<String, Int>?
    private var firstError: String?
    private var classes: Set<FailureClass> = []

    /// The failure of a batch whose lines all failed, else nil; temporary when every line's failure is.
    var failure: Failure? {
        guard total > 0, failed == total else { return nil }
        let common: FailureClass = classes == [.temporary] ? .temporary : .permanent
        let lines = total == 1 ? "the only line failed" : "all \(total) lines failed"
        return Failure(
            common,
            "\(lines): \(firstError ?? "no reason is known")",
            hint: "\(BatchResults.errorFile) has the reason of each; mend it, then retry the job: the lines run again"
        )
    }

    mutating func add(_ outcome: BatchOutcome, of line: BatchLine) {
        total += 1
        if let error = outcome.error(line) {
            failed += 1
            firstError = firstError ?? error.message
            classes.insert(outcome.failureClass)
        }
        if line.dialect == .anthropic {
            let types = ["processing", "succeeded", "errored", "canceled", "expired"]
            var counts = anthropic ?? OrderedDictionary(uniqueKeysWithValues: types.map { ($0, 0) })
            counts[outcome.anthropicType, default: 0] += 1
            anthropic = counts
        }
    }

    var json: JSON {
        var members: OrderedDictionary<String, JSON> = [
            "total": .int(Int64(total)), "completed": .int(Int64(total - failed)), "failed": .int(Int64(failed)),
        ]
        for (name, count) in anthropic ?? [:] { members[name] = .int(Int64(count)) }
        return .object(members)
    }
}
