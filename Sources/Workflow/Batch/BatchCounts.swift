import Documents
import Jobs
import Models
import OrderedCollections

/// Counts of a batch's lines by outcome, with the members of the providers' formats.
struct BatchCounts {
    private var total = 0
    private(set) var failed = 0
    /// Counts of the lines by the names of their formats.
    private var named: OrderedDictionary<String, Int> = [:]
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
        guard let format = line.format else { return }
        for name in format.countNames where named[name] == nil { named[name] = 0 }
        if let name = format.countName(outcome.ending) { named[name, default: 0] += 1 }
    }

    var json: JSON {
        var members: OrderedDictionary<String, JSON> = [
            "total": .int(Int64(total)), "completed": .int(Int64(total - failed)), "failed": .int(Int64(failed)),
        ]
        for (name, count) in named { members[name] = .int(Int64(count)) }
        return .object(members)
    }
}
