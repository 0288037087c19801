package import Documents
import Jobs

/// One model of the configuration's section `models`.
package struct ModelSettings: Sendable, Equatable {
    /// The kind of provider, with the settings that only this kind needs.
    package enum Provider: Sendable, Equatable {
        /// OpenAI, Anthropic, or a compatible server.
        case http(Dialect, Endpoint, model: String)
        /// A script instead of a model: its path as configured.
        case scripted(script: String)
    }

    /// The default of `timeout`.
    package static let timeoutDefault: Duration = .seconds(60)
    /// The default of `idle_timeout`.
    package static let idleTimeoutDefault: Duration = .seconds(30)
    /// The default of `base_url` for `provider: anthropic`.
    static let anthropicURL = "https://api.anthropic.com"

    /// The model's name in the configuration.
    package let name: String
    /// The provider that answers.
    package let provider: Provider
    /// How to reach its server, besides its URL.
    package let connection: ConnectionSettings
    /// Where the key is stored; nil for a server that needs none.
    package let apiKey: KeyReference?
    /// The limit for one call, up to the last byte of its answer, or up to the beginning of a stream.
    package let timeout: Duration
    /// The longest gap between two bytes of an answer; only ``timeout`` limits the wait for the first byte.
    package let idleTimeout: Duration
    /// How long HTTP 429 answers cost a step no attempt.
    package let patience: Duration
    /// Whether requests ask for a stream.
    package let isStreamed: Bool
    /// The name of the model that answers while this one is down.
    package let fallback: String?
    /// An object whose members are added to each request unchanged.
    package let parameters: JSON
    /// The price; when none is configured, it is nil and calls count as free.
    package let price: Price?
    /// How requests ask for an answer that fits a schema; nil to find out what the server accepts.
    package let structured: StructuredOutputMode?
    /// What to do with an answer that a token limit cut; nil to fail when all of it is needed, and else to keep and
    /// mark it.
    package let onTruncated: OnTruncated?
    /// The length limit of a conversation; nil when AgentSpool sets none.
    package let context: ContextLimit?
    /// The limits of calls to the model.
    package let limits: ModelLimits

    /// Reads a model.
    ///
    /// With `provider: scripted`, the members of other providers are checked but not used, so that one changed line
    /// turns a configuration into its own test.
    ///
    /// - Throws: ``DocumentError`` at the first member that is missing, unknown or invalid.
    package init(_ reader: MemberReader, name: String) throws(DocumentError) {
        self.name = name
        try reader.allowOnly(
            [
                "provider", "base_url", "model", "api_key", "timeout", "idle_timeout", "patience", "stream",
                "parameters",
                "price", "limits", "fallback", "script", "structured", "on_truncated",
                "context",
            ] + ConnectionSettings.members
        )
        let kind = try reader.string("provider")
        let baseURL = try reader.string("base_url") ?? (kind == "anthropic" ? Self.anthropicURL : nil)
        let endpoint = try Self.endpoint(baseURL, reader)
        let model = try Self.text("model", reader)
        let script = try Self.text("script", reader)
        let key = try KeyReference(reader)
        connection = try ConnectionSettings(reader)
        parameters = try Self.parameters(reader)
        timeout = try Self.timeout("timeout", reader) ?? Self.timeoutDefault
        idleTimeout = try Self.timeout("idle_timeout", reader) ?? Self.idleTimeoutDefault
        patience = try Self.timeout("patience", reader) ?? ModelLimiter.patienceDefault
        isStreamed = try reader.bool("stream") ?? true
        fallback = try Self.text("fallback", reader)
        structured = try reader.choice("structured")
        onTruncated = try reader.choice("on_truncated")
        if let members = try reader.object("price") { price = try Price(members) } else { price = nil }
        if let members = try reader.object("context") { context = try ContextLimit(members) } else { context = nil }
        if let members = try reader.object("limits") {
            limits = try ModelLimits(members)
        } else {
            limits = ModelLimits()
        }

        switch kind {
        case "openai", "anthropic":
            guard let endpoint else {
                throw reader.error(nil, "base_url is missing, such as https://api.openai.com/v1")
            }
            guard let model else { throw reader.error(nil, "model is missing: the name that the provider knows") }
            if script != nil { throw reader.error("script", "only a model with the provider scripted has a script") }
            let dialect: Dialect = kind == "openai" ? .openAI : .anthropic
            if dialect == .anthropic, endpoint.baseURL.hasSuffix("/v1") {
                throw reader.error("base_url", "leave /v1 out; the URL ends before it, such as \(Self.anthropicURL)")
            }
            provider = .http(dialect, endpoint, model: model)
            apiKey = key
        case "scripted":
            guard let script else { throw reader.error(nil, "script is missing: the path of the file with the rules") }
            provider = .scripted(script: script)
            apiKey = nil
        case .some: throw reader.error("provider", "one of openai, anthropic, scripted was expected")
        case nil: throw reader.error(nil, "provider is missing: openai, anthropic or scripted")
        }
    }

    /// The settings in the form of the configuration, with defaults filled in.
    ///
    /// They hold the reference to the key, never the key. Reading them gives the same settings again.
    package var json: JSON {
        var members: [(String, JSON?)]
        switch provider {
        case .http(let dialect, let endpoint, let model):
            members =
                [
                    ("provider", dialect == .openAI ? "openai" : "anthropic"), ("base_url", .string(endpoint.text)),
                    ("model", .string(model)),
                ] + connection.members
        case .scripted(let script):
            members = [("provider", "scripted"), ("script", .string(script))]
        }
        members += [
            ("api_key", apiKey?.json), ("timeout", .string(timeout.text)),
            ("idle_timeout", .string(idleTimeout.text)),
            ("patience", patience == ModelLimiter.patienceDefault ? JSON?.none : .string(patience.text)),
            ("stream", .bool(isStreamed)),
            ("parameters", parameters == [:] ? JSON?.none : parameters), ("price", price?.json),
            ("limits", limits.json), ("fallback", fallback.map(JSON.string)),
            ("structured", structured.map { .string($0.rawValue) }),
            ("on_truncated", onTruncated.map { .string($0.rawValue) }), ("context", context?.json),
        ]
        return JSON(members: members)
    }
}

extension ModelSettings {
    private static func text(_ member: String, _ reader: MemberReader) throws(DocumentError) -> String? {
        guard let text = try reader.string(member) else { return nil }
        if text.isEmpty || text.utf8.contains(0) { throw reader.error(member, "a text was expected, not an empty one") }
        return text
    }

    private static func endpoint(_ text: String?, _ reader: MemberReader) throws(DocumentError) -> Endpoint? {
        guard let text else { return nil }
        do throws(Endpoint.Problem) {
            return try Endpoint(baseURL: text)
        } catch {
            throw reader.error("base_url", error.reason)
        }
    }

    private static func timeout(_ member: String, _ reader: MemberReader) throws(DocumentError) -> Duration? {
        guard let timeout = try reader.duration(member) else { return nil }
        if timeout <= .zero { throw reader.error(member, "a duration above zero was expected") }
        return timeout
    }

    private static func parameters(_ reader: MemberReader) throws(DocumentError) -> JSON {
        guard let members = try reader.object("parameters") else { return [:] }
        for name in ["model", "messages", "stream", "stream_options"] where members.value[name] != nil {
            throw members.error(name, "AgentSpool sets this member of a request itself")
        }
        return members.value
    }
}
