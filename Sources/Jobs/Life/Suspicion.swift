/// A step that runs alone, because the daemon died so often during it that it may be the cause.
package struct Suspicion: Sendable, Equatable {
    package var step: String
    /// Deaths of the daemon while the step was under way.
    package var deaths: Int

    package init(step: String, deaths: Int) { (self.step, self.deaths) = (step, deaths) }

    /// What its job's row says while the step waits to run alone.
    package var waits: String { "\(cause); waits to run alone" }

    /// What its job's row says while it runs.
    package var runs: String { "\(cause); runs alone" }

    private var cause: String {
        "\(Self.mark)the daemon died \(deaths == 1 ? "once" : "\(deaths) times") while step \(step) ran"
    }

    /// The beginning of every reason about a suspected step.
    package static let mark = "suspected: "

    /// What the rows of all other jobs say meanwhile.
    package static let othersWait = "waits until suspected steps have run alone"
}
