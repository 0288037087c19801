import Documents
import Jobs
import Testing

@testable import Models

@Suite("Settings of a model")
struct ModelSettingsTests {
    static let complete = """
        provider: openai
        base_url: https://api.example.com/v1/
        model: qwen3:8b
        api_key: {env: OPENAI_API_KEY}
        timeout: 90s
        idle_timeout: 5s
        stream: false
        fallback: other
        parameters: {temperature: 0, max_tokens: 1024}
        price: {input: 0.15, cached_input: 0.075, output: 0.60}
        limits: {concurrency: 8, requests_per_minute: 500, tokens_per_minute: 200000}
        """

    @Test("All members of the settings are read")
    func full() throws {
        let settings = try settings(Self.complete)
        let endpoint = try #require(settings.source.endpoint)
        #expect(settings.json["provider"] == "openai")
        #expect(endpoint.baseURL == "https://api.example.com/v1")
        #expect(endpoint.place == "api.example.com:443")
        #expect(settings.source.model == "qwen3:8b")
        #expect(settings.apiKey == .environment("OPENAI_API_KEY"))
        #expect(settings.timeout == .seconds(90))
        #expect(settings.idleTimeout == .seconds(5))
        #expect(!settings.isStreamed)
        #expect(settings.fallback == "other")
        #expect(settings.parameters == ["temperature": 0, "max_tokens": 1024])
        #expect(settings.price?.cachedInput == 0.075)
        #expect(settings.limits.concurrency == 8)
        #expect(settings.limits.requestsPerMinute == 500)
        #expect(settings.limits.tokensPerMinute == 200_000)
    }

    @Test("A member that is left out has its default")
    func defaults() throws {
        let settings = try settings("{provider: openai, base_url: 'http://127.0.0.1:11434/v1', model: m}")
        #expect(settings.timeout == .seconds(60))
        #expect(settings.idleTimeout == .seconds(30))
        #expect(settings.isStreamed)
        #expect(settings.apiKey == nil)
        #expect(settings.parameters == [:])
        #expect(settings.price == nil)
        #expect(settings.limits == ModelLimits())
        #expect(
            settings.json == [
                "provider": "openai", "base_url": "http://127.0.0.1:11434/v1", "model": "m", "timeout": "1m",
                "idle_timeout": "30s", "stream": true,
            ]
        )
    }

    @Test(
        "Settings that are read from their own JSON are the same",
        arguments: [
            complete, "{provider: anthropic, model: m}",
            "{provider: scripted, script: a.yaml, limits: {concurrency: 2}}",
        ]
    )
    func roundTrip(yaml: String) throws {
        let read = try settings(yaml)
        let again = try ModelSettings(MemberReader(Document(read.json.bytes, format: .json)), name: "default")
        #expect(again == read)
    }

    @Test("Anthropic needs no base_url")
    func anthropic() throws {
        let settings = try settings("{provider: anthropic, model: claude, api_key: {env: K}}")
        #expect(settings.json["provider"] == "anthropic" && settings.source.model == "claude")
        #expect(settings.source.endpoint?.baseURL == "https://api.anthropic.com")
        #expect(settings.apiKey == .environment("K"))
    }

    @Test("The JSON of the settings holds the reference to the key")
    func reference() throws {
        #expect(try settings(Self.complete).json["api_key"] == ["env": "OPENAI_API_KEY"])
    }

    @Test("A scripted model may keep the members of the provider that it replaces")
    func scripted() throws {
        let yaml = "{provider: scripted, script: a.yaml, base_url: 'http://x/v1', model: m, api_key: {env: K}}"
        let settings = try settings(yaml)
        #expect(settings.json["provider"] == "scripted" && settings.json["script"] == "a.yaml")
        #expect(settings.source.endpoint == nil && settings.source.model == nil)
        #expect(settings.apiKey == nil)
    }

    @Test(
        "An invalid member is refused with the reason",
        arguments: [
            ("model: m", "provider is missing"),
            ("{provider: opena}", "provider: one of openai, anthropic, scripted was expected"),
            ("{provider: anthropic}", "model is missing"),
            ("{provider: anthropic, base_url: 'http://h/v1', model: m}", "base_url: leave /v1 out"),
            ("{provider: anthropic, base_url: 'http://h/v1/messages', model: m}", "leave /v1/messages out"),
            ("{provider: scripted, script: s, idle_timeout: 0s}", "idle_timeout: a duration above zero"),
            ("{provider: scripted, script: s, stream: 1}", "stream: true or false"),
            ("{provider: scripted, script: s, fallback: ''}", "fallback: a text was expected"),
            ("{provider: openai, model: m}", "base_url is missing"),
            ("{provider: openai, base_url: 'http://h/v1'}", "model is missing"),
            ("{provider: openai, base_url: 'http://h/v1', model: ''}", "model: a text was expected"),
            ("{provider: openai, base_url: 'ftp://h/v1', model: m}", "base_url: a URL such as"),
            ("{provider: openai, base_url: 'h/v1', model: m}", "base_url: a URL such as"),
            ("{provider: openai, base_url: 'http:///v1', model: m}", "base_url: the URL names no host"),
            ("{provider: openai, base_url: 'http://u:p@h/v1', model: m}", "no user or password"),
            ("{provider: openai, base_url: 'http://h/v1#x', model: m}", "no part behind a #"),
            ("{provider: openai, base_url: 'http://h/v1/chat/completions', model: m}", "leave /chat/completions out"),
            ("{provider: openai, base_url: 'http://h/v1', model: m, script: s}", "script: only a model"),
            ("{provider: scripted}", "script is missing"),
            ("{provider: scripted, script: s, modle: m}", "did you mean \"model\"?"),
            ("{provider: scripted, script: s, timeout: 0s}", "timeout: a duration above zero"),
            ("{provider: scripted, script: s, timeout: 60}", "timeout: a duration such as"),
            ("{provider: scripted, script: s, parameters: [1]}", "parameters: an object with members"),
            ("{provider: scripted, script: s, parameters: {stream: true}}", "parameters.stream: AgentSpool sets"),
            ("{provider: scripted, script: s, price: {input: 1}}", "price: both input and output"),
            ("{provider: scripted, script: s, price: {input: -1, output: 1}}", "price.input: a number from 0"),
            ("{provider: scripted, script: s, price: {inputs: 1, output: 1}}", "did you mean \"input\"?"),
            ("{provider: scripted, script: s, limits: {concurrency: 0}}", "limits.concurrency: a whole number"),
            ("{provider: scripted, script: s, limits: {requests_per_minute: x}}", "limits.requests_per_minute"),
            ("{provider: scripted, script: s, limits: {tokens_per_minute: 1.5}}", "limits.tokens_per_minute"),
            ("{provider: scripted, script: s, api_key: {env: A, file: b}}", "api_key: exactly one of"),
            ("{provider: scripted, script: s, api_key: {}}", "api_key: exactly one of"),
            ("{provider: scripted, script: s, api_key: {key: A}}", "api_key.key: unknown member"),
            ("{provider: scripted, script: s, api_key: {env: 5}}", "api_key.env: a string"),
            ("{provider: scripted, script: s, api_key: {credential: ../x}}", "api_key.credential: the name"),
            ("{provider: scripted, script: s, api_key: 7}", "api_key: {env: NAME}"),
        ]
    )
    func wrong(yaml: String, reason: String) throws {
        let error = try #require(settingsError(yaml))
        #expect(error.contains(reason), "\(error)")
        #expect(error.hasPrefix("agentspool.yaml:1"))
    }

    @Test(
        "A key in the configuration is refused and not shown",
        arguments: ["api_key: sk-secret-1", "api_key: {env: sk-secret-1}"]
    )
    func plainKey(member: String) throws {
        let error = try #require(settingsError("provider: scripted\nscript: s\n\(member)"))
        #expect(error.hasPrefix("agentspool.yaml:3"))
        #expect(!error.contains("sk-secret-1"))
    }

    @Test("The cost counts cached tokens at their own price")
    func cost() throws {
        var usage = Usage()
        (usage.inputTokens, usage.cachedInputTokens, usage.outputTokens) = (1_000_000, 400_000, 500_000)
        let price = try Price(reader("{input: 1, cached_input: 0.5, output: 4}"))
        #expect(price.cost(of: usage) == 0.6 + 0.2 + 2.0)
        #expect(try Price(reader("{input: 1, output: 4}")).cost(of: usage) == 3.0)
    }
}
