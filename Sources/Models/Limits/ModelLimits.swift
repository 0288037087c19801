package import Documents
import Jobs

/// The limits of one node's calls to a model; nil means no limit.
package struct ModelLimits: Sendable, Equatable {
    /// The most concurrent permits; further ones wait.
    package let concurrency: Int?
    /// The average number of requests; after an idle minute, that many may be made at once.
    package let requestsPerMinute: Int?
    /// The average number of input and output tokens.
    ///
    /// A call may begin when one token is left; if it uses more, the next call waits for that.
    package let tokensPerMinute: Int?

    /// No limits.
    package init() { (concurrency, requestsPerMinute, tokensPerMinute) = (nil, nil, nil) }

    /// Reads `concurrency`, `requests_per_minute` and `tokens_per_minute`.
    package init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["concurrency", "requests_per_minute", "tokens_per_minute"])
        concurrency = try reader.int("concurrency", in: 1...10_000)
        requestsPerMinute = try reader.int("requests_per_minute", in: 1...1_000_000_000)
        tokensPerMinute = try reader.int("tokens_per_minute", in: 1...1_000_000_000_000)
    }

    /// The limits that are set, or nil when none is.
    package var json: JSON? {
        let json = JSON(members: [
            ("concurrency", concurrency.map { .int(Int64($0)) }),
            ("requests_per_minute", requestsPerMinute.map { .int(Int64($0)) }),
            ("tokens_per_minute", tokensPerMinute.map { .int(Int64($0)) }),
        ])
        // Spelled out: a bare nil would be JSON's null here.
        return json == [:] ? JSON?.none : json
    }
}
