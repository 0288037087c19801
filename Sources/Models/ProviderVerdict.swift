import Jobs

/// A provider's refusal: what it means for the call, and for everybody else who asks the model.
struct ProviderVerdict: Error {
    enum Effect: Equatable {
        case none
        /// Nobody asks for so long.
        case pause(Duration)
        /// Nobody asks until a person has acted.
        case stop
    }

    var failure: Failure
    var effect: Effect
}
