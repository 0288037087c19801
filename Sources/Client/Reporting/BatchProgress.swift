package import Documents
package import Jobs
import OrderedCollections

/// How far a batch is.
package struct BatchProgress: Sendable, Equatable {
    /// Lines.
    package private(set) var total: Int
    package private(set) var completed = 0
    package private(set) var failed = 0
    package private(set) var running = 0

    /// Nil for a job that is not a batch.
    package init?(_ replay: JobReplay) {
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

    /// As OpenAI's `request_counts`.
    package var json: JSON {
        ["total": .int(Int64(total)), "completed": .int(Int64(completed)), "failed": .int(Int64(failed))]
    }
}
