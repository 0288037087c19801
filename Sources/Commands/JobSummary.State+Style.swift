import Jobs

/// The colour of each state.
extension JobSummary.State {
    var style: Terminal.Style? {
        switch self {
        case .done: .green
        case .failed, .rejected: .red
        case .held: .yellow
        case .running: .bold
        case .waiting, .deferred, .duplicate: nil
        }
    }
}
