import Jobs

/// A provider's refusal: what it means for the call, and for everybody else who asks the model.
struct ProviderVerdict: Error {
    enum Effect: Equatable {
        case none
        /// The model rests: for so long, or for as long as the lane thinks where the server does not say.
        case rest(Duration?, Cause)
        /// Nobody asks until a person has acted.
        case stop
    }

    /// Why a model rests.
    enum Cause: Equatable {
        /// Its quota is used up for now, by whichever job: such an answer costs no attempt.
        case quota
        /// It is overloaded, or starts.
        case overload
    }

    var failure: Failure
    var effect: Effect
    /// What the server says of a request that it does not take as it is; nil for all other verdicts.
    var refusal: ErrorContent?
}
