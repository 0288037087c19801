import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct RetryPolicyTests {
    @Test func `a wait is anywhere between zero and the doubled, capped ceiling`() {
        let policy = RetryPolicy()
        let ceilings: [Int64] = [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]
        for (index, ceiling) in ceilings.enumerated() {
            #expect(policy.delay(after: index + 1, floor: nil, jitter: 0) == .zero)
            #expect(policy.delay(after: index + 1, floor: nil, jitter: 0.5) == .milliseconds(ceiling / 2))
            let longest = policy.delay(after: index + 1, floor: nil, jitter: 1.0.nextDown)
            #expect(longest < .milliseconds(ceiling) && longest >= .milliseconds(ceiling - 1))
        }
    }

    @Test func `any attempt's wait lies below the cap`() throws {
        var policy = RetryPolicy()
        policy.factor = 100
        var random = SeededRandom(seed: 10)
        for attempt in [1, 2, 64, 65, 1_000_000, Int.max] {
            let jitter = Double.random(in: 0..<1, using: &random)
            #expect(policy.delay(after: attempt, floor: nil, jitter: jitter) < policy.max)
        }
    }

    @Test func `a wait is never shorter than the provider asked for, whatever the cap`() {
        let policy = RetryPolicy()
        #expect(policy.delay(after: 1, floor: .seconds(7), jitter: 0.5) == .seconds(7))
        #expect(policy.delay(after: 1, floor: .seconds(900), jitter: 0.5) == .seconds(900))
        #expect(policy.delay(after: 3, floor: .seconds(1), jitter: 0.5) == .seconds(4))
    }

    @Test func `a policy is read with defaults for missing members, and is written as it was read`() throws {
        let text = "{attempts: 7, initial: 500ms, factor: 3, max: 1m}"
        let policy = try RetryPolicy(MemberReader(Document(Array(text.utf8), format: .yaml)))
        #expect(
            policy.attempts == 7 && policy.initial == .milliseconds(500) && policy.factor == 3
                && policy.max == .seconds(60)
        )
        #expect(try RetryPolicy(MemberReader(Document(policy.json.bytes, format: .json))) == policy)
        let partial = try RetryPolicy(
            MemberReader(Document(Array("{attempts: 2}".utf8), format: .yaml)),
            default: policy
        )
        #expect(partial.attempts == 2 && partial.factor == 3)
    }

    @Test(arguments: ["{attempts: 0}", "{attempts: 101}", "{factor: 0.5}", "{initial: 5}", "{max: -1s}", "{tries: 1}"])
    func `a policy with a wrong or unknown member is refused`(text: String) {
        #expect(throws: DocumentError.self) { try RetryPolicy(MemberReader(Document(Array(text.utf8), format: .yaml))) }
    }
}
