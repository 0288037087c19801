import Documents
import Jobs
import Testing

@testable import Models

@Suite("The length limit of a conversation")
struct ModelContextTests {
    private static let yaml = "{provider: openai, base_url: \"http://127.0.0.1:1/v1\", model: m, context: CONTEXT}"

    private func context(_ text: String) throws -> ContextLimit {
        try #require(try settings(Self.yaml.replacing("CONTEXT", with: text)).context)
    }

    private func conversation(_ answers: [String]) -> [ChatMessage] {
        [ChatMessage(.system, "s"), ChatMessage(.user, "u")]
            + answers.enumerated().flatMap { index, answer in
                [ChatMessage(.assistant, "a"), ChatMessage(.tool, answer, toolCallID: "\(index)")]
            }
    }

    @Test("The settings of a context are read and shown, and refused when they are invalid")
    func settingsOfContext() throws {
        #expect(try context("{limit: 32000}").json == ["limit": 32000, "keep": 2])
        #expect(try context("{limit: 32000, keep: 0}").json == ["limit": 32000, "keep": 0])
        for (text, complaint) in [
            ("{keep: 3}", "limit is missing"), ("{limit: 10}", "context.limit"),
            ("{limit: 2000, keep: -1}", "context.keep"),
            ("{limit: 2000, drop: 1}", "drop"), ("5", "context"),
        ] {
            let error = settingsError(Self.yaml.replacing("CONTEXT", with: text))
            #expect(error?.contains(complaint) == true, "\(text): \(error ?? "no error")")
        }
    }

    /// The excess over 1,000 tokens in bytes, the lengths of the tool results in bytes, and which of them are left out.
    @Test(
        "The oldest tool results are left out until the rest fits, and the last ones never are",
        arguments: [
            (0, [900, 900, 900], []), (1, [900, 900, 900], [0]), (700, [900, 900, 900], [0]),
            (1_000, [900, 900, 900, 900], [0, 1]), (9_999, [900, 900, 900, 900], [0, 1]), (9_999, [900, 900], []),
            // The note would be longer than the result.
            (1, [10, 900, 900, 900], [1]), (1, [], []),
        ] as [(Int, [Int], [Int])]
    )
    func leavesOut(excess: Int, lengths: [Int], expected: [Int]) throws {
        let context = try context("{limit: 1000}")
        let messages = conversation(lengths.map { String(repeating: "x", count: $0) })
        let shorter = context.shortened(messages, in: 3_000 + excess) ?? messages
        let left = zip(messages, shorter).filter { $0.0.role == .tool }.enumerated().filter { $1.0 != $1.1 }.map(
            \.offset
        )
        #expect(left == expected)
        #expect(shorter.map(\.toolCallID) == messages.map(\.toolCallID))
        for case (let whole, let short) in zip(messages, shorter) where whole != short {
            #expect(short.content.contains("answer of 900 bytes was left out"))
        }
    }

    @Test("A request that is too long is sent without the oldest tool results, and so is the next one")
    func sent() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return FakeProvider.Reply(ProviderModelTests.hello)
        }
        var long = ModelsTests.request()
        long.messages = conversation(["old", "middle", "new"].map { $0 + String(repeating: "x", count: 3_000) })
        let request = long
        try await FakeProvider.run(respond) { provider in
            try await withModel(provider.baseURL, "stream: false\ncontext: {limit: 2500, keep: 1}") { model in
                _ = try await model.complete(request)
                _ = try await model.complete(request)
            }
        }
        let bodies = recorder.requests.map { $0.body.text }
        #expect(bodies.count == 2 && bodies[0] == bodies[1])
        #expect(!bodies[0].contains("oldx") && bodies[0].contains("middlex") && bodies[0].contains("newx"))
        #expect(bodies[0].contains("answer of 3003 bytes was left out"))
    }
}
