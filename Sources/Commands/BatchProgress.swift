import Documents
import Jobs
import OrderedCollections

/// How far a batch is.
struct BatchProgress {
    private var total: Int
    private var completed = 0
    private var failed = 0
    private var running = 0

    /// Nil for a job that is not a batch.
    init?(_ replay: JobReplay) {
        guard let acceptance = replay.acceptance, acceptance.kind == .batch else { return nil }
        var linesUnderWay: Set<Substring> = []
        for (path, entry) in replay.steps.entries {
            switch (entry.kind, entry.status) {
            case (.line, .completed): completed += 1
            case (.line, .failed) where entry.isSettled: failed += 1
            // A line that runs a workflow counts when a step inside it runs.
            case (_, .running): linesUnderWay.formUnion(path.split(separator: "/").dropFirst().prefix(1))
            default: break
            }
        }
        running = linesUnderWay.count
        // A history of an earlier version does not record the number of lines.
        total = acceptance.lines ?? completed + failed + running
    }

    var text: String {
        let counts = "\(Self.grouped(completed + failed)) of \(Self.grouped(total)) lines done"
        return "\(counts), \(Self.grouped(failed)) failed, \(Self.grouped(running)) running"
    }

    /// As OpenAI's `request_counts`.
    var json: JSON {
        ["total": .int(Int64(total)), "completed": .int(Int64(completed)), "failed": .int(Int64(failed))]
    }

    /// With a comma before every third digit from the right.
    private static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            (index > 0 && (digits.count - index).isMultiple(of: 3) ? "," : "") + String(digits[index])
        }.joined()
    }
}
