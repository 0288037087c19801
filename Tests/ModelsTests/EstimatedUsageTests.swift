import Documents
import Jobs
import Testing

@testable import Models

@Suite("Usage that the server does not report", .timeLimit(.minutes(1)))
struct EstimatedUsageTests {
    private static let answer = #"{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}"#

    @Test("Missing usage is estimated from the sent request, as a budget reserves it")
    func whole() async throws {
        let respond = FakeProvider.always(FakeProvider.Reply(Self.answer))
        let (usage, most) = try await withModel(respond, "price: {input: 1, output: 1}") { model in
            (try await model.complete(request()).usage, model.worstCase(of: request()))
        }
        #expect(usage.isEstimated && usage.inputTokens == most.inputTokens)
        #expect(usage.outputTokens == 2 && usage.costUSD > 0)
    }

    @Test("Missing usage is also estimated for an answer that is rejected")
    func failed() async throws {
        let empty = Self.answer.replacing("Hello", with: "").replacing(
            #""message":{"#,
            with: #""message":{"reasoning":"Hm, hm.","#
        )
        let failed = try await withModel(FakeProvider.always(FakeProvider.Reply(empty))) { model in
            await failure { try await model.complete(request()) }
        }
        #expect(failed?.class == .temporary && failed?.usage?.isEstimated == true)
    }

    @Test("The default max_tokens for Anthropic is named when it cuts an answer, but a configured one is not")
    func limit() async throws {
        let cut =
            #"{"content":[{"type":"text","text":"The three"}],"stop_reason":"max_tokens","usage":{"input_tokens":1,"output_tokens":1}}"#
        for (settings, isNamed) in [("", true), ("parameters: {max_tokens: 10}", false)] {
            let answer = try await withModel(
                FakeProvider.always(FakeProvider.Reply(cut)),
                settings,
                api: .anthropic
            ) {
                try await $0.complete(request())
            }
            #expect(answer.facts.isTruncated)
            #expect(answer.facts.note?.contains("4096") == isNamed)
        }
    }

    @Test("The settings structured and on_truncated are read and shown, and refused when they are invalid")
    func settings() throws {
        let yaml = "provider: openai\nbase_url: http://h/v1\nmodel: m\n"
        let read = try ModelsTests.settings(yaml + "structured: json_object\non_truncated: fail")
        #expect(read.structured == .jsonObject && read.onTruncated == .fail)
        #expect(read.json["structured"] == "json_object" && read.json["on_truncated"] == "fail")
        #expect(settingsError(yaml + "structured: xml")?.contains("json_schema, json_object, prompt") == true)
        #expect(settingsError(yaml + "on_truncated: maybe")?.contains("fail, keep") == true)
    }
}
