import Jobs

/// A provider's refusal, with its effect on the call and on all other callers of the model.
struct ClassifiedError: Error {
    enum Effect: Equatable {
        case none
        /// The model rests for this time; for nil the limiter chooses it.
        case rest(Duration?, Cause)
        /// The limiter stops calls, apart from probes, until an operator has acted.
        case stop
    }

    /// Why a model rests.
    enum Cause: Equatable {
        /// Its quota is used up for now, by any of the jobs; such an answer costs no attempt.
        case quota
        /// Its server is overloaded, or is starting.
        case overload
    }

    var failure: Failure
    var effect: Effect
    /// The server's error for a request that it does not accept as it is; nil for all other verdicts.
    var refusal: ErrorContent?
}
