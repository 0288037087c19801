/// How the daemon ended that had a job in hand: what that says about the steps that were under way.
package enum FormerEnd: String, Sendable, CaseIterable {
    /// It was asked to stop, or stopped by itself, of a failing disk for instance; no evidence against a step.
    case stop
    /// The machine started anew since: a reboot or a power cut; no evidence either.
    case reboot
    /// It died while steps were under way: each of them may have brought it down.
    case crash
    /// It died while one step ran alone: that one, if it was still under way, brought it down.
    case crashAlone = "crash_alone"
    /// It died while nothing was under way: what brings it down is none of the steps that it had in hand.
    case crashIdle = "crash_idle"
}

extension FormerEnd {
    /// For a person: "after a crash while one step ran alone".
    package var words: String {
        switch self {
        case .stop: "stop"
        case .reboot: "restart of the machine"
        case .crash: "crash"
        case .crashAlone: "crash while one step ran alone"
        case .crashIdle: "crash while nothing ran"
        }
    }
}
