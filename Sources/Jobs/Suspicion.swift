/// A step during which the daemon died so often that the step may be the cause: it runs alone.
package struct Suspicion: Sendable, Equatable {
    package var step: String
    /// Deaths of the daemon while the step was under way.
    package var deaths: Int

    package init(step: String, deaths: Int) { (self.step, self.deaths) = (step, deaths) }

    /// What its job's row says until its turn comes.
    package var waits: String { "\(cause); waits to run alone" }

    /// What its job's row says while it runs.
    package var runs: String { "\(cause); runs alone" }

    private var cause: String {
        "\(Self.mark)the daemon died \(deaths == 1 ? "once" : "\(deaths) times") while step \(step) ran"
    }

    /// What every reason of a suspected step begins with.
    package static let mark = "suspected: "

    /// What the rows of all other jobs say meanwhile.
    package static let othersWait = "waits until suspected steps have run alone"
}
