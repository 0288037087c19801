import Documents
import Jobs

extension Failure {
    /// The failure of an answer that was cut in transit, or that does not come from a provider.
    static func brokenAnswer(_ reason: String) -> Failure {
        Failure(
            .temporary,
            "the provider's answer is not whole: \(reason)",
            hint: "If it stays so, check that base_url belongs to a server that speaks what provider says."
        )
    }
}
