import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Models

@Suite("A model and its fallback", .timeLimit(.minutes(1)))
struct FallbackModelTests {
    private func scripted(_ name: String, _ script: String, _ clock: ManualClock = ManualClock()) async throws
        -> ScriptedModel
    {
        let price = try Price(reader("{input: \(name == "small" ? 1 : 2), output: 1}"))
        return try await withFile(script) { try ScriptedModel(name: name, scriptPath: $0, price: price, clock: clock) }
    }

    /// A scripted model that claims the form of one provider, although a script reads every form.
    private struct Speaker: LimitedModel {
        var model: ScriptedModel
        var api: API?
        var bodyForm: String? { api?.provider.name }
        var name: String { model.name }
        var limiter: ModelLimiter { model.limiter }

        func withPermit<Value: Sendable>(
            _ body: @Sendable (any ChatModel) async throws -> Value
        ) async throws -> Value { try await model.withPermit(body) }

        func complete(_ request: ChatRequest) async throws -> ChatAnswer { try await model.complete(request) }
    }

    private func ask(_ model: FallbackModel, _ request: ChatRequest = request()) async throws -> ChatAnswer {
        try await model.withPermit { try await $0.complete(request) }
    }

    @Test("The primary answers while it is available")
    func primary() async throws {
        let model = FallbackModel(
            try await scripted("big", "- reply: one"),
            fallback: try await scripted("small", "- reply: two")
        )
        let answer = try await ask(model)
        #expect(answer.text == "one")
        #expect(answer.fallback == nil)
    }

    @Test("The fallback answers when the primary fails in its own way", arguments: [500, 429, 401, 402])
    func failed(status: Int) async throws {
        let model = FallbackModel(
            try await scripted("big", "- fail: {status: \(status)}"),
            fallback: try await scripted("small", "- {reply: two, usage: {input_tokens: 4, output_tokens: 1}}")
        )
        let answer = try await ask(model)
        #expect(answer.text == "two")
        #expect(answer.fallback == "small")
        #expect(answer.usage.tokens == 5)
    }

    @Test("An invalid request fails without a call to the fallback", arguments: [400, 404, 422])
    func permanent(status: Int) async throws {
        let model = FallbackModel(
            try await scripted("big", "- fail: {status: \(status)}"),
            fallback: try await scripted("small", "- reply: two")
        )
        #expect(await failure { try await ask(model) }?.message.contains("\(status)") == true)
    }

    @Test("When both models fail, the primary's failure is thrown")
    func both() async throws {
        let model = FallbackModel(
            try await scripted("big", "- fail: {status: 503}"),
            fallback: try await scripted("small", "- fail: {status: 400}")
        )
        let failure = await failure { try await ask(model) }
        #expect(failure?.class == .temporary)
        #expect(failure?.message.contains("503") == true)
    }

    @Test("While the primary is paused, the fallback gives the permit; while both are, the shorter pause counts")
    func paused() async throws {
        let clock = ManualClock()
        let (big, small) = (
            try await scripted("big", "- reply: one", clock), try await scripted("small", "- reply: two", clock)
        )
        let model = FallbackModel(big, fallback: small)
        big.limiter.pause(for: .seconds(20), "busy")
        let name = try await model.withPermit { $0.name }
        #expect(name == "small")
        #expect(try await ask(model).fallback == "small")
        small.limiter.pause(for: .seconds(5), "busy too")
        #expect(
            await pause { try await ask(model) } == ModelPause(for: .seconds(5), "the model big rests for 20s: busy")
        )
    }

    @Test("A pause that the body throws is passed on")
    func otherPause() async throws {
        let model = FallbackModel(
            try await scripted("big", "- reply: one"),
            fallback: try await scripted("small", "- reply: two")
        )
        let other = ModelPause(for: .seconds(9), "the body's own")
        #expect(await pause { try await model.withPermit { _ in throw other } } == other)
    }

    @Test("The usage of both models is counted")
    func usage() async throws {
        let pieces = StreamingTests.anthropic[..<2] + ["data: broken\n\n"]
        let small = try await scripted("small", "- {reply: two, usage: {input_tokens: 10, output_tokens: 1}}")
        let answer = try await withModel(FakeProvider.always(.stream(Array(pieces))), api: .anthropic) { big in
            try await ask(FallbackModel(big, fallback: small))
        }
        #expect(answer.usage.modelCalls == 2)
        #expect(answer.usage.inputTokens == 15)
    }

    @Test("A ready body goes only to a fallback of the same provider")
    func readyBody() async throws {
        let clock = ManualClock()
        let big = Speaker(
            model: try await scripted("big", "- fail: {status: 503, retry_after: 20s}", clock),
            api: .openAI
        )
        let small = Speaker(model: try await scripted("small", "- reply: two", clock), api: .anthropic)
        let line = request(body: ["messages": []])
        let model = FallbackModel(big, fallback: small)
        #expect(await failure { try await ask(model, line) }?.message.contains("503") == true)
        // Now the primary is paused.
        let pause = await pause { try await ask(model, line) }
        #expect(pause?.duration == .seconds(20))
        #expect(pause?.patience == nil)
        #expect(try await ask(model).text == "two")
        let same = Speaker(model: small.model, api: .openAI)
        #expect(try await ask(FallbackModel(big, fallback: same), line).text == "two")
    }

    @Test("An answer through a chain of fallbacks names the model that answered")
    func chain() async throws {
        let (one, two) = (
            try await scripted("one", "- fail: {status: 500}"), try await scripted("two", "- fail: {status: 500}")
        )
        let three = try await scripted("three", "- reply: three")
        let model = FallbackModel(one, fallback: FallbackModel(two, fallback: three))
        #expect(try await ask(model).fallback == "three")
    }

    @Test("The worst case is the larger one of both models, in each number")
    func worstCase() async throws {
        let (big, small) = (try await scripted("big", "- reply: one"), try await scripted("small", "- reply: two"))
        let usage = FallbackModel(small, fallback: big).worstCase(of: request(body: ["max_tokens": 10]))
        #expect(usage.modelCalls == 1)
        #expect(usage.outputTokens == 10)
        #expect(usage.costUSD == big.worstCase(of: request(body: ["max_tokens": 10])).costUSD)
    }

    private func check(_ yaml: String) throws -> [String] {
        let reader = try reader(yaml)
        var models: OrderedDictionary<String, ModelSettings> = [:]
        for (name, members) in try reader.objects("models") { models[name] = try ModelSettings(members, name: name) }
        try ModelSettings.checkFallbacks(models, reader)
        return ModelSettings.withFallbacks(["a"], in: models).sorted()
    }

    @Test("The fallbacks of a model are found through the whole chain")
    func carried() throws {
        let script = "provider: scripted, script: s"
        let yaml = "models: {a: {\(script), fallback: b}, b: {\(script), fallback: c}, c: {\(script)}, d: {\(script)}}"
        #expect(try check(yaml) == ["a", "b", "c"])
    }

    @Test(
        "An unknown or circular fallback is refused with its member",
        arguments: [
            ("a: {fallback: x}", "models.a.fallback: there is no model \"x\""),
            ("a: {fallback: a}", "models.a.fallback: a model cannot stand in for itself: a → a"),
            (
                "a: {fallback: b}\n  b: {fallback: a}",
                "models.a.fallback: a model cannot stand in for itself: a → b → a"
            ),
            ("a: {fallback: b}\n  b: {fallback: c}\n  c: {fallback: b}", "models.b.fallback: a model cannot stand in"),
        ]
    )
    func wrong(models: String, reason: String) throws {
        let yaml = "models:\n  " + models.replacing("{fallback", with: "{provider: scripted, script: s, fallback")
        let error = #expect(throws: DocumentError.self) { try check(yaml) }
        #expect(error.map { "\($0)".contains(reason) } == true, "\(String(describing: error))")
    }
}
