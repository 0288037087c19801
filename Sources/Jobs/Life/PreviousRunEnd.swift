/// How the daemon that had the job before ended: evidence about the steps that were under way.
package enum PreviousRunEnd: String, Sendable, CaseIterable {
    /// It was asked to stop, or stopped itself, for example because a disk failed; no evidence against a step.
    case stop
    /// The machine restarted since, after a reboot or a power cut; no evidence either.
    case reboot
    /// It died while steps were under way: each of them may have brought it down.
    case crash
    /// It died while one step ran alone: that step, if it was still under way, brought it down.
    case crashAlone = "crash_alone"
    /// It died while no step was under way: the cause is none of the steps that it had begun.
    case crashIdle = "crash_idle"
}

extension PreviousRunEnd {
    /// Words for a person, to follow "after a": "crash while one step ran alone".
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
