import Documents
import Jobs
import Logging
import Synchronization

/// The parameters that the server of one model has refused since the daemon started; all copies of a model share one.
final class UnsupportedParameterStore: Sendable {
    /// The most requests of one call: a server may refuse one parameter after another.
    static let roundsMax = 6

    private let model: String
    private let logger: Logger
    private let known = Mutex(UnsupportedParameters())

    init(model: String, logger: Logger) { (self.model, self.logger) = (model, logger) }

    var refused: UnsupportedParameters { known.withLock { $0 } }

    /// Remembers the refused parameters of a request, and logs each once.
    ///
    /// - Parameter seen: The refusals that were known when the request was sent.
    func note(_ refusals: [UnsupportedParameters.Refusal], seen: UnsupportedParameters) {
        for refusal in refusals {
            let isNews = known.withLock { $0.note(refusal, seen: seen) }
            guard isNews else { continue }
            let remedy =
                if let replacement = refusal.replacement {
                    "it is sent as \(replacement) from now on"
                } else if seen.count(of: refusal.name) + 1 < UnsupportedParameters.forms[refusal.name] ?? 1 {
                    "it is sent in another form from now on"
                } else {
                    "it is left out from now on"
                }
            logger.notice("the server of the model \(model) refuses the parameter \(refusal.name): \(remedy)")
        }
    }
}
