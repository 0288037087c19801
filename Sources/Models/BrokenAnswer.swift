import Jobs

extension Failure {
    /// An answer that is not what a provider answers: cut on its way, or from something else than a provider.
    static func brokenAnswer(_ reason: String) -> Failure {
        Failure(
            .temporary,
            "the provider's answer is not whole: \(reason)",
            hint: "If it stays so, check that base_url belongs to a server that speaks what provider says."
        )
    }
}
