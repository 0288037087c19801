import Documents
import Jobs
import OrderedCollections

/// The configuration in force, with the runner of the jobs that start under it, and the one that is to follow.
///
/// A drop or a job in progress keeps what it began with.
struct ActiveConfiguration {
    /// A configuration to apply, and the caller that waits for it.
    struct Pending {
        var catalog: Catalog
        var settings: EngineSettings
        /// Today's usage of the queues that had no daily limits before.
        var used: [String: Usage]
        var taken: CheckedContinuation<Void, any Error>
    }

    private(set) var catalog: Catalog
    private(set) var settings: EngineSettings
    private(set) var runner: JobRunner
    /// The configuration of a reload; the loop applies it.
    private var next: Pending?

    init(_ catalog: Catalog, _ settings: EngineSettings, runner: JobRunner) {
        (self.catalog, self.settings, self.runner) = (catalog, settings, runner)
    }

    /// Another configuration is to follow.
    mutating func prepare(_ next: Pending) { self.next = next }

    /// Removes and returns the configuration that is to follow.
    mutating func takeNext() -> Pending? {
        defer { next = nil }
        return next
    }

    /// Puts another configuration in force; running jobs keep their runner.
    mutating func apply(_ other: Pending) {
        (catalog, settings) = (other.catalog, other.settings)
        runner = runner.renewed(redactor: catalog.redactor, settings)
        runner.budgets.configure(catalog.queues.values, used: other.used)
    }
}
